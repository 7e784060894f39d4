"""What we write, as the vendor wants it on the wire (sections 8 and 9.3 to 10.8). What is None is not sent."""

from __future__ import annotations

from typing import Any

from connectors.jushuitan.access import CustomsPlaces
from connectors.jushuitan.new_documents import (
    NewCombined,
    NewDocument,
    NewGoods,
    NewLine,
    NewOther,
    NewPurchaseIn,
    NewPurchaseOrder,
    NewPurchaseReturn,
    NewShopGoods,
    NewStock,
    NewSupplier,
    NewTransfer,
)

Body = dict[str, Any]


def other_body(new: NewOther) -> Body:
    return _filled(
        {
            **_head(new),
            "external_id": new.number,
            "type": new.direction.value,
            "wms_co_id": new.wms_co_id,
            "warehouse": new.area,
            "drp_co_name": new.reason,
            "is_confirm": True,
            "items": [_line(line, price="sale_price") for line in new.lines],
        }
    )


def transfer_body(new: NewTransfer) -> Body:
    return _filled(
        {
            **_head(new),
            "so_id": new.number,
            "go_co_id": new.from_wms_co_id,
            "warehouse": new.from_area,
            "link_co_id": new.to_wms_co_id,
            "link_warehouse": new.to_area,
            "is_confirm": new.at_once,
            "is_confirming": not new.at_once,
            "items": [_line(line) for line in new.lines],
        }
    )


def area_transfer_body(new: NewTransfer) -> Body:
    """A transfer inside one warehouse goes by another call."""
    return _filled(
        {
            **_head(new),
            "so_id": new.number,
            "wms_co_id": new.from_wms_co_id,
            "warehouse": new.from_area,
            "link_warehouse": new.to_area,
            "is_confirm": new.at_once,
            "items": [_line(line) for line in new.lines],
        }
    )


def purchase_in_body(new: NewPurchaseIn) -> Body:
    return _filled({**_purchase(new), "tax_rate": new.tax_rate})


def purchase_return_body(new: NewPurchaseReturn) -> Body:
    return _filled({**_purchase(new), "type": 0})


def purchase_order_body(new: NewPurchaseOrder) -> Body:
    arrives = {"plan_arrive_date": None if new.arrives_on is None else new.arrives_on.isoformat()}
    return _filled(
        {
            **_head(new),
            "external_id": new.number,
            "supplier_id": new.supplier_id,
            "wms_co_id": new.wms_co_id,
            "po_date": None if new.ordered_on is None else f"{new.ordered_on.isoformat()} 00:00:00",
            "tax_rate": new.tax_rate,
            "freight": new.freight,
            "term": new.term,
            "is_confirm": True,
            "items": [_filled({**_line(line, price="price"), **arrives}) for line in new.lines],
        }
    )


def stock_body(new: NewStock) -> Body:
    return _filled(
        {
            "so_id": new.number,
            "type": new.change.value,
            "wms_co_id": new.wms_co_id,
            "warehouse": new.area,
            "remark": new.remark,
            "is_confirm": True,
            "items": [
                _filled({"sku_id": figure.sku_id, "qty": figure.qty, "batch_id": figure.batch_no})
                for figure in new.figures
            ],
        }
    )


def goods_body(new: NewGoods, places: CustomsPlaces) -> Body:
    battery = None if new.battery is None else ("是" if new.battery else "否")
    return _filled(
        {
            "sku_id": new.sku_id,
            "i_id": new.style or new.sku_id,
            "name": new.name,
            "unit": new.unit,
            "brand": new.brand,
            "properties_value": new.properties,
            "sku_code": new.barcode,
            "s_price": new.sale_price,
            "c_price": new.cost_price,
            "weight": new.weight,
            "batch_enabled": new.has_batches,
            "enabled": None if new.enabled is None else (1 if new.enabled else -1),
            "labels": list(new.labels) or None,
            places.hs_code: new.hs_code,
            places.english_name: new.english_name,
            places.battery: battery,
            places.gross_weight: None if new.gross_weight is None else format(new.gross_weight, "f"),
            places.declared_price: new.declared_price,
        }
    )


def supplier_body(new: NewSupplier) -> Body:
    return _filled({"supplier_code": new.code, "name": new.name, "enabled": new.enabled, "remark": new.remark})


def combined_body(new: NewCombined) -> Body:
    return {
        "sku_id": new.sku_id,
        "i_id": new.style or new.sku_id,
        "name": new.name,
        "enabled": "启用" if new.enabled else "禁用",
        "childList": [
            {"src_sku_id": part.sku_id, "qty": part.qty, "sale_price": part.sale_price} for part in new.components
        ],
    }


def shop_goods_body(new: NewShopGoods) -> Body:
    return _filled(
        {
            "shop_id": new.shop_id,
            "shop_i_id": new.shop_i_id,
            "shop_sku_id": new.shop_sku_id,
            "sku_id": new.sku_id,
            "name": new.name,
        }
    )


def _head(new: NewDocument) -> Body:
    # An empty remark is refused: the key has to be left out (section 9.6 and 10.6).
    return {"remark": new.remark or None, "labels": list(new.labels) or None}


def _purchase(new: NewPurchaseIn | NewPurchaseReturn) -> Body:
    return {
        **_head(new),
        "external_id": new.number,
        "supplier_id": new.supplier_id,
        "po_id": new.po_id,
        "wms_co_id": new.wms_co_id,
        "warehouse": int(new.area),
        "is_confirm": True,
        # The vendor documents the price of a receipt as text.
        "items": [_line(line, price="price", price_as_text=True) for line in new.lines],
    }


def _line(line: NewLine, *, price: str | None = None, price_as_text: bool = False) -> Body:
    body: Body = {
        "sku_id": line.sku_id,
        "qty": line.qty,
        "tax_rate": line.tax_rate,
        "batch_id": line.batch_no,
        "produced_date": None if line.product_date is None else line.product_date.isoformat(),
        "expiration_date": None if line.expiration_date is None else line.expiration_date.isoformat(),
        "remark": line.remark or None,
    }
    if price is not None and line.price is not None:
        body[price] = format(line.price, "f") if price_as_text else line.price
    return _filled(body)


def _filled(body: Body) -> Body:
    return {name: value for name, value in body.items() if value is not None}
