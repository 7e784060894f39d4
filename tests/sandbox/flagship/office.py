"""A client of the simulated tenant in process, as an integrator's script would be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.jsontext import dumps, loads
from sandbox.flagship.clock import plain
from sandbox.flagship.state import FlagshipState


@dataclass
class Office:
    """Calls a tenant; every answer comes as its JSON, numbers exact."""

    http: httpx.AsyncClient
    state: FlagshipState
    headers: dict[str, str] = field(default_factory=dict)
    nonces: int = 0

    async def call(self, path: str, tree: Any = None, method: str = "POST", **headers: str) -> Any:
        """The JSON of an answer to a call under ``/kapi``."""
        return loads((await self.raw(f"/kapi{path}", tree, method, **headers)).content)

    async def raw(self, path: str, tree: Any = None, method: str = "POST", **headers: str) -> httpx.Response:
        content = None if tree is None else dumps(tree)
        sent = {"content-type": "application/json", **self.headers, **headers}
        return await self.http.request(method, path, content=content, headers=sent)

    async def code(self, path: str, tree: Any = None, method: str = "POST", **headers: str) -> str:
        """The errorCode of an answer."""
        return str((await self.call(path, tree, method, **headers))["errorCode"])

    def token_request(self, **more: Any) -> dict[str, Any]:
        """A right body of getToken, with what a test wants otherwise; None leaves a field out."""
        self.nonces += 1
        config = self.state.config
        body = {
            "client_id": config.app_id,
            "client_secret": config.app_secret,
            "username": config.user,
            "accountId": config.account_id,
            "language": "zh_CN",
            "nonce": f"n-{self.nonces}",
            "timestamp": plain(self.state.clock()),
        }
        return {key: value for key, value in (body | more).items() if value is not None}

    async def log_in(self) -> str:
        reply = await self.call("/oauth2/getToken", self.token_request())
        self.headers["accesstoken"] = reply["data"]["access_token"]
        return self.headers["accesstoken"]

    async def save(self, *bills: dict[str, Any], entity: str = "im_saloutbill", code: str = "batchAdd") -> Any:
        app = self.state.records.entities[entity].app
        return await self.call(f"/v2/{app}/{entity}/{code}", {"data": list(bills)})

    async def step(self, name: str, *numbers: str, entity: str = "im_saloutbill") -> Any:
        """``Submit``, ``Audit``, ``UnAudit``, ``Withdraw`` or ``Delete``, by number."""
        app = self.state.records.entities[entity].app
        return await self.call(f"/v2/{app}/{entity}/batch{name}", {"data": {"billno": list(numbers)}})

    async def post(self, *bills: dict[str, Any], entity: str = "im_saloutbill", code: str = "batchAdd") -> None:
        """Save, submit, audit; all of it has to succeed."""
        numbers = [bill["billno"] for bill in bills]
        assert failed(await self.save(*bills, entity=entity, code=code)) == {}
        assert failed(await self.step("Submit", *numbers, entity=entity)) == {}
        assert failed(await self.step("Audit", *numbers, entity=entity)) == {}

    async def query(self, entity: str = "im_saloutbill", code: str = "query", **data: Any) -> list[dict[str, Any]]:
        app = self.state.records.entities[entity].app
        reply = await self.call(f"/v2/{app}/{entity}/{code}", {"data": data, "pageSize": 100})
        rows: list[dict[str, Any]] = reply["data"]["rows"]
        return rows

    async def status_of(self, number: str, entity: str = "im_saloutbill", code: str = "query") -> str | None:
        rows = await self.query(entity, code, billno=number)
        return rows[0]["billstatus"] if rows else None


def failed(reply: Any) -> dict[str, str]:
    """The first words about each bill that failed, by number."""
    return {
        row["number"]: row["errors"][0]["rowMsg"][0] for row in reply["data"]["result"] if row["billStatus"] is not True
    }


def outbound(number: str, *, sku: str = "SKU1", qty: Any = 2, **head: Any) -> dict[str, Any]:
    """A sales outbound with one line at 113 including 13 % tax."""
    line = {
        "material_number": sku,
        "unit_number": "Pcs",
        "qty": qty,
        "priceandtax": 113,
        "taxrateid_number": "V13",
        "warehouse_number": "CK01",
        "outownertype": "bos_org",
        "outowner_number": "100",
    }
    bill = {
        "billno": number,
        "org_number": "100",
        "billtype_number": "im_SalOutBill_STD_BT_S",
        "biztype_number": "210",
        "invscheme_number": "210",
        "biztime": "2026-11-22 00:00:00",
        "bookdate": "2026-11-22 00:00:00",
        "customer_number": "SHOP01",
        "settlecurrency_number": "CNY",
        "exchangerate": 1,
        "billentry": [line],
    }
    return bill | head


def returned(number: str, source: dict[str, Any], qty: Any, **head: Any) -> dict[str, Any]:
    """A red bill that takes back goods of an outbound as a query showed it."""
    [line] = source["billentry"]
    link = {"billentry_lk_sbillid": source["id"], "billentry_lk_sid": line["id"], "billentry_lk_stableid": "1"}
    bill = outbound(number, qty=qty, biztype_number="2101", invscheme_number="2101", **head)
    bill["billentry"][0] |= {
        "billentry_lk": [link],
        "srcbillid": source["id"],
        "srcbillentryid": line["id"],
        "srcbillnumber": source["billno"],
    }
    return bill
