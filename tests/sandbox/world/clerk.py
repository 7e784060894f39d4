"""A clerk who types the source's documents into the ERP by hand, over HTTP: what an audit has to find in order."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from domain.jsontext import dumps, loads
from sandbox.galaxy.app import create_app
from sandbox.jushuitan.documents import Batch, Outbound, Refund
from sandbox.world.erp_books import RETURNS_FORM, SALES_FORM
from sandbox.world.parity import central_parity
from sandbox.world.world import World

_AUTH = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService.ValidateUser.common.kdsvc"
_FORMS = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
_PER_CALL = 50


def split(sku_id: str, qty: Decimal, batches: list[Batch]) -> Iterator[tuple[Decimal, str | None]]:
    """A line as the ERP wants it: one row for each lot."""
    for index, batch in enumerate(batches):
        part = min(qty, batch.qty) if batch.sku_id == sku_id else Decimal(0)
        if part > 0:
            qty -= part
            batches[index] = Batch(batch.sku_id, batch.batch_no, batch.qty - part)
            yield part, batch.batch_no
    if qty:
        yield qty, None


@dataclass
class Clerk:
    """Posts the documents of a world, without the product."""

    world: World

    async def post(self, excused: Collection[str] = ()) -> list[str]:
        """Type in everything but the excused documents; answers the numbers the ERP refused."""
        rows = self.mapped("sku"), self.mapped("shop"), self.mapped("warehouse"), self.mapped("currency")
        self.skus, self.shops, self.warehouses, self.currencies = rows
        transport = httpx.ASGITransport(create_app(self.world.galaxy))
        async with httpx.AsyncClient(transport=transport, base_url="http://galaxy") as http:
            config = self.world.galaxy.config
            login = [config.acct_id, config.user_name, config.password, 2052]
            assert loads((await http.post(_AUTH, content=dumps({"parameters": login}))).content)["LoginResultType"] == 1
            source = self.world.jushuitan
            sales = [row.document for row in source.outbounds if row.document.so_id not in excused]
            refused = await self.save(http, SALES_FORM, [self.sale(sale) for sale in sales])
            entries = self.sold_entries()
            returns = [row.document for row in source.refunds if row.document.outer_as_id not in excused]
            return refused + await self.save(http, RETURNS_FORM, [self.back(each, entries) for each in returns])

    async def save(self, http: httpx.AsyncClient, form: str, models: list[dict[str, Any]]) -> list[str]:
        refused = []
        for start in range(0, len(models), _PER_CALL):
            packet = models[start : start + _PER_CALL]
            body = {"formid": form, "data": {"Model": packet, "IsAutoSubmitAndAudit": "true"}}
            reply = await http.post(f"{_FORMS}BatchSave.common.kdsvc", content=dumps(body))
            status = loads(reply.content)["Result"]["ResponseStatus"]
            refused += [packet[error["DIndex"]]["FBillNo"] for error in status.get("Errors", ())]
        return refused

    def mapped(self, collection: str) -> dict[str, dict[str, str]]:
        rows = [*self.world.mappings(), *self.world.withheld_mappings()]
        return {row.key: row.values for row in rows if row.collection == collection}

    def shop(self, shop_id: int) -> dict[str, str]:
        return next(values for values in self.shops.values() if values["shop_id"] == str(shop_id))

    def finance(self, currency: str, day: Any) -> dict[str, Any]:
        return {
            "FSettleOrgID": {"FNumber": "100"},
            "FSettleCurrID": {"FNumber": self.currencies[currency]["currency"]},
            "FExchangeRate": central_parity(currency, day),
        }

    def row(self, sku_id: str, qty: Decimal, price: Decimal, place: str, lot: str | None) -> dict[str, Any]:
        goods = self.skus[sku_id.upper()]
        row: dict[str, Any] = {
            "FMaterialID": {"FNumber": goods["material"]},
            "FUnitID": {"FNumber": goods["unit"]},
            "FRealQty": qty,
            "FTaxPrice": price,
            "FIsFree": not price,
            "FOwnerTypeID": "BD_OwnerOrg",
            "FOwnerID": {"FNumber": "100"},
        }
        if goods["service"] == "false":
            row |= {"FStockID": {"FNumber": self.warehouses[place]["stock"]}}
            row |= {"FStockStatusID": {"FNumber": "KCZT01_SYS"}}
        return row | ({"FLot": {"FNumber": lot}} if lot else {})

    def sale(self, sale: Outbound) -> dict[str, Any]:
        batches = list(sale.batchs)
        rows = [
            self.row(line.sku_id, part, line.sale_price, f"{sale.wms_co_id}/1", lot)
            | {"FThirdEntryId": line.outer_oi_id}
            for line in sale.items
            for part, lot in split(line.sku_id, line.qty, batches)
        ]
        return {
            "FBillTypeID": {"FNUMBER": "XSCKD01_SYS"},
            "FBillNo": f"K1-{sale.io_id}",
            "FDate": sale.io_date.date().isoformat(),
            "FSaleOrgId": {"FNumber": "100"},
            "FStockOrgId": {"FNumber": "100"},
            "FCustomerID": {"FNumber": self.shop(sale.shop_id)["customer"]},
            "SubHeadEntity": self.finance(sale.currency, sale.io_date.date()) | {"FThirdBillNo": sale.so_id},
            "FEntity": rows,
        }

    def back(self, refund: Refund, entries: dict[tuple[str, str], tuple[int, int]]) -> dict[str, Any]:
        batches, rows = list(refund.batchs), []
        for line in refund.items:
            for part, lot in split(line.sku_id, line.r_qty, batches):
                row = self.row(line.sku_id, part, line.price, f"{refund.wms_co_id}/2", lot)
                row["FReturnType"] = {"FNumber": "THLX01_SYS"}
                bill_id, entry_id = entries[line.outer_oi_id, lot or ""]
                link = {
                    "FEntity_Link_FRuleId": "OutStock-SalReturnStock",
                    "FEntity_Link_FSTableName": "T_SAL_OUTSTOCKENTRY",
                    "FEntity_Link_FSBillId": bill_id,
                    "FEntity_Link_FSId": entry_id,
                    "FEntity_Link_FBaseUnitQty": part,
                }
                rows.append(row | {"FEntity_Link": [link]})
        received = next(line.receive_date for line in refund.items if line.receive_date)
        return {
            "FBillTypeID": {"FNUMBER": "XSTHD01_SYS"},
            "FBillNo": str(refund.as_id),
            "FDate": received.date().isoformat(),
            "FSaleOrgId": {"FNumber": "100"},
            "FStockOrgId": {"FNumber": "100"},
            "FRetcustId": {"FNumber": self.shop(refund.shop_id)["customer"]},
            "SubHeadEntity": self.finance(refund.currency, received.date()),
            "FEntity": rows,
        }

    def sold_entries(self) -> dict[tuple[str, str], tuple[int, int]]:
        return {
            (line["FThirdEntryId"], line.get("FLot") or ""): (bill["id"], line["entry_id"])
            for bill in self.world.galaxy.bills(SALES_FORM)
            for line in bill["lines"]
        }
