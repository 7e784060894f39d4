"""Uploads of stock documents: counts and adjustments, other in/out, transfers (vendor sections 9.3, 9.5 and 9.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from sandbox.jushuitan.biz import Fields, rows_of
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.documents import ZERO
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import FIGURE_OF_AREA
from sandbox.jushuitan.upload_parts import (
    DONE,
    MAX_ROWS,
    Payload,
    Upload,
    in_rows,
    known_area,
    known_sku,
    known_warehouse,
    mandatory,
    once,
    positive,
    require_stock,
)
from sandbox.jushuitan.warehousing.documents import (
    OtherInOut,
    OtherType,
    StockCount,
    StockStatus,
    Transfer,
    TransferType,
)
from sandbox.jushuitan.warehousing.lines import lots_of, some, stock_line
from sandbox.jushuitan.warehousing.movements import other_movements, transfer_movements


def inventory_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/inventoryv2/upload`: a count that sets (`check`) or changes (`adjust`) stock once confirmed.

    A repeated `so_id` changes nothing and is answered as before.
    """
    fields = Fields(tree)
    so_id = mandatory(fields, "so_id")
    key = ("inventoryv2", so_id)
    if key not in state.remembered:
        state.remembered[key] = _new_count(state, fields, so_id)
    return {"issuccess": True, "data": {"data": {"msg": DONE, "so_id": so_id, "io_id": state.remembered[key]}}}


def _new_count(state: JushuitanState, fields: Fields, so_id: str) -> int:
    kind = fields.text("type", "adjust")
    if kind not in ("check", "adjust"):
        raise Refusal(Code.PARAMETER_WRONG, "type不正确")
    lines = []
    for item in fields.objects("items", 500):
        qty = item.number("qty")
        if kind == "check" and qty < 0:
            raise Refusal(Code.PARAMETER_WRONG, f"{item.where}.qty不能小于0")
        line = stock_line(state, item, qty)
        lines.append(replace(line, qty=ZERO, r_qty=qty) if kind == "check" else line)
    count = StockCount(
        io_id=state.next_id(),
        status=StockStatus.WAITING,
        io_date=state.now(),
        wms_co_id=known_warehouse(state, fields),
        wh_id=known_area(fields, "warehouse"),
        so_id=so_id,
        remark=fields.text("remark"),
        items=some(lines),
        sets=kind == "check",
    )
    count = against_the_book(state, count)
    if fields.flag("is_confirm"):
        count = effective_count(state, count)
    state.add_count(count)
    return count.io_id


def against_the_book(state: JushuitanState, count: StockCount) -> StockCount:
    """The count with differences and counted quantities by the stock of this moment, line after line."""
    figure = FIGURE_OF_AREA[count.wh_id]
    book: dict[str, Decimal] = {}
    lines = []
    for line in count.items:
        before = book.get(line.sku_id, state.figure(count.wms_co_id, line.sku_id, figure))
        after = line.r_qty if count.sets and line.r_qty is not None else before + line.qty
        book[line.sku_id] = after
        lines.append(replace(line, qty=after - before, r_qty=after))
    return replace(count, items=tuple(lines))


def effective_count(state: JushuitanState, count: StockCount) -> StockCount:
    """The count as it takes effect now. Raises Refusal 160 when it would leave less than nothing."""
    count = against_the_book(state, count)
    if not state.config.negative_stock and any(line.r_qty is not None and line.r_qty < 0 for line in count.items):
        raise Refusal(Code.BUSINESS_REFUSED, "调整后库存不能小于0")
    return replace(count, status=StockStatus.CONFIRMED, io_date=state.now())


def other_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/otherinout/upload`: goods in or out for another reason, one document a call."""
    fields = Fields(tree)
    external_id = mandatory(fields, "external_id")
    io_id = once(state, "otherinout", external_id, lambda: _new_other(state, fields, external_id))
    return {"issuccess": True, "data": {"data": {"external_id": external_id, "io_id": io_id}}}


def _new_other(state: JushuitanState, fields: Fields, external_id: str) -> int:
    direction = fields.text("type")
    if direction not in ("in", "out"):
        raise Refusal(Code.PARAMETER_WRONG, "type应为in|out")
    lines = [
        stock_line(state, item, positive(item, "qty"), item.number("sale_price", known_sku(state, item).cost_price))
        for item in fields.objects("items", 1000)
    ]
    document = OtherInOut(
        io_id=state.next_id(),
        type=OtherType.RETURN if direction == "in" else OtherType.OUT,
        status=_status(fields),
        io_date=state.now(),
        wms_co_id=known_warehouse(state, fields),
        wh_id=known_area(fields, "warehouse"),
        so_id=external_id,
        reason=fields.text("drp_co_name"),
        remark=fields.text("remark"),
        labels=tuple(str(label) for label in fields.array("labels")),
        items=some(lines),
        batchs=lots_of(lines),
    )
    require_stock(state, other_movements(document))
    state.add_other(document)
    return document.io_id


def _status(fields: Fields) -> StockStatus:
    if fields.flag("is_confirm"):
        return StockStatus.CONFIRMED
    return StockStatus.OUTER_CONFIRMING if fields.flag("excute_confirming") else StockStatus.WAITING


def other_cancel(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/otherinout/cancel`: audit (1), un-audit (2), void (3) or put into effect (4)."""
    fields = Fields(tree)
    numbers = fields.array("io_ids", 20) or fields.array("so_ids", 20)
    by = "io_id" if fields.given("io_ids") else "so_id"
    wanted = {str(number) for number in numbers}
    found = [row.document for row in state.others if str(getattr(row.document, by)) in wanted]
    if len(found) != len(wanted) or not wanted:
        raise Refusal(Code.BUSINESS_REFUSED, "单据不存在")
    operate = _OPERATIONS.get(fields.text("operate_type", "3"))
    if operate is None:
        raise Refusal(Code.PARAMETER_WRONG, "operate_type不正确")
    for document in found:
        operate(state, document)
    return {"issuccess": True}


def _audit(state: JushuitanState, document: OtherInOut) -> None:
    state.add_other(replace(document, f_status=StockStatus.CONFIRMED))


def _unaudit(state: JushuitanState, document: OtherInOut) -> None:
    state.add_other(replace(document, f_status=StockStatus.WAITING))


def _void(state: JushuitanState, document: OtherInOut) -> None:
    if document.status in (StockStatus.CANCELLED, StockStatus.DELETED):
        return
    if document.status.moved_goods and document.type.comes_in:
        require_stock(state, [move.undone for move in other_movements(document)])
    after = StockStatus.CANCELLED if document.status.moved_goods else StockStatus.DELETED
    state.add_other(replace(document, status=after))


def take_effect(state: JushuitanState, document: OtherInOut) -> None:
    """An open document moves its goods. Raises Refusal 160 when it is not open, or for want of stock."""
    if not document.status.is_open:
        raise Refusal(Code.BUSINESS_REFUSED, f"单据{document.io_id}状态不正确")
    document = replace(document, status=StockStatus.CONFIRMED, io_date=state.now())
    require_stock(state, other_movements(document))
    state.add_other(document)


_OPERATIONS: Mapping[str, Callable[[JushuitanState, OtherInOut], None]] = {
    "1": _audit,
    "2": _unaudit,
    "3": _void,
    "4": take_effect,
}


def transfer_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/allocate/kc/upload`: transfers between warehouses, each with its own result. Ids are texts here."""

    def transfer(fields: Fields) -> int:
        so_id = mandatory(fields, "so_id")
        return once(state, "allocate", so_id, lambda: _between_warehouses(state, fields, so_id))

    return in_rows(rows_of(tree, MAX_ROWS), "so_id", "io_id", transfer, as_text=True)


def _between_warehouses(state: JushuitanState, fields: Fields, so_id: str) -> int:
    sender, receiver = known_warehouse(state, fields, "go_co_id"), known_warehouse(state, fields, "link_co_id")
    if sender == receiver:
        raise Refusal(Code.BUSINESS_REFUSED, "调出仓库与调入仓库不能相同")
    status = StockStatus.CONFIRMING if fields.flag("is_confirming") else StockStatus.CREATING
    return _new_transfer(state, fields, so_id, sender, receiver, status)


def area_transfer_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/allocate/in/upload`: from one area of a warehouse to another."""
    fields = Fields(tree)
    so_id = mandatory(fields, "so_id")

    def between_areas() -> int:
        if known_area(fields, "warehouse") == known_area(fields, "link_warehouse"):
            raise Refusal(Code.BUSINESS_REFUSED, "调出仓与调入仓不能相同")
        warehouse = known_warehouse(state, fields)
        return _new_transfer(state, fields, so_id, warehouse, warehouse, StockStatus.CREATING)

    io_id = once(state, "allocate", so_id, between_areas)
    return {"issuccess": True, "data": {"data": {"io_id": str(io_id), "so_id": so_id}}}


def _new_transfer(
    state: JushuitanState, fields: Fields, so_id: str, sender: int, receiver: int, status: StockStatus
) -> int:
    """Answers the first half's id."""
    lines = [stock_line(state, item, positive(item, "qty")) for item in fields.objects("items")]
    out = Transfer(
        io_id=state.next_id(),
        type=TransferType.OUT,
        link_io_id=state.next_id(),
        status=StockStatus.CONFIRMED if fields.flag("is_confirm") else status,
        io_date=fields.time("io_date", state.now()),
        wms_co_id=sender,
        link_wms_co_id=receiver,
        wh_id=known_area(fields, "warehouse"),
        link_wh_id=known_area(fields, "link_warehouse"),
        remark=fields.text("remark"),
        labels=tuple(str(label) for label in fields.array("labels")),
        items=some(lines),
        batchs=lots_of(lines),
    )
    add_halves(state, out, so_id)
    return out.io_id


def add_halves(state: JushuitanState, out: Transfer, so_id: str = "") -> None:
    """Both halves of a transfer, made of the first; the caller's number is on the second. Raises Refusal 160."""
    require_stock(state, transfer_movements(out))
    state.add_transfer(out)
    state.add_transfer(
        replace(
            out,
            io_id=out.link_io_id,
            type=TransferType.IN,
            link_io_id=out.io_id,
            wms_co_id=out.link_wms_co_id,
            link_wms_co_id=out.wms_co_id,
            so_id=so_id,
            items=tuple(replace(line, ioi_id=state.next_id()) for line in out.items),
        )
    )


def transfer_confirm(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/allocate/confirm`: the first half leaves, or the second arrives, if need be in part."""
    fields = Fields(tree)
    counted = {item.text("sku_id"): item.number("qty") for item in fields.objects("items")}
    confirm_half(state, _half(state, fields), counted or None)
    return {"issuccess": True}


def confirm_half(state: JushuitanState, half: Transfer, counted: Mapping[str, Decimal] | None = None) -> None:
    """Put one half of a transfer into effect.

    Args:
        counted: pieces that arrived, by goods code; None is all that was sent.

    Raises Refusal 160: not open, not sent yet, or for want of stock.
    """
    if not half.status.is_open:
        raise Refusal(Code.BUSINESS_REFUSED, f"调拨单{half.io_id}状态不正确")
    if half.type is TransferType.IN:
        sent = state.transfers.get(half.link_io_id)
        if sent is None or not sent.document.status.moved_goods:
            raise Refusal(Code.BUSINESS_REFUSED, f"调拨出库单{half.link_io_id}尚未生效")
        if counted is not None:
            half = replace(
                half, items=tuple(replace(line, r_qty=counted.get(line.sku_id, ZERO)) for line in half.items)
            )
    half = replace(half, status=StockStatus.CONFIRMED, io_date=state.now())
    require_stock(state, transfer_movements(half))
    state.add_transfer(half)


def transfer_cancel(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/allocate/cancel/v2`: both halves, as long as nothing has arrived."""
    half = _half(state, Fields(tree))
    other = state.transfers.get(half.link_io_id)
    halves = [half, *([other.document] if other is not None else [])]
    if any(one.type is TransferType.IN and one.status.moved_goods for one in halves):
        raise Refusal(Code.BUSINESS_REFUSED, f"调拨单{half.io_id}已入库,不能取消")
    for one in halves:
        state.add_transfer(replace(one, status=StockStatus.CANCELLED))
    return {"issuccess": True}


def _half(state: JushuitanState, fields: Fields) -> Transfer:
    record = state.transfers.get(fields.integer("io_id"))
    if record is None:
        raise Refusal(Code.BUSINESS_REFUSED, f"调拨单{fields.text('io_id')}不存在")
    return record.document


UPLOADS: Mapping[str, Upload] = {
    "/open/jushuitan/inventoryv2/upload": inventory_upload,
    "/open/jushuitan/otherinout/upload": other_upload,
    "/open/jushuitan/otherinout/cancel": other_cancel,
    "/open/allocate/kc/upload": transfer_upload,
    "/open/jushuitan/allocate/in/upload": area_transfer_upload,
    "/open/jushuitan/allocate/confirm": transfer_confirm,
    "/open/jushuitan/allocate/cancel/v2": transfer_cancel,
}
