"""A desk at the simulated 云星空: the calls a client makes, and bills to make them with."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx

from domain.jsontext import dumps, loads
from sandbox.galaxy.state import GalaxyState

STUB = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub."


def service(operation: str) -> str:
    """URL path of an operation on forms."""
    return f"{STUB}DynamicFormService.{operation}.common.kdsvc"


def login(operation: str) -> str:
    """URL path of an operation on sessions."""
    return f"{STUB}AuthService.{operation}.common.kdsvc"


def line(material: str = "SKU1", quantity: object = 2, **fields: object) -> dict[str, Any]:
    """A goods row of an outbound or a return; a field given as None is left out."""
    row: dict[str, Any] = {
        "FMaterialID": {"FNumber": material},
        "FUnitID": {"FNumber": "Pcs"},
        "FRealQty": quantity,
        "FTaxPrice": Decimal("56.5"),
        "FEntryTaxRate": 13,
        "FStockID": {"FNumber": "CK01"},
        "FOwnerTypeID": "BD_OwnerOrg",
        "FOwnerID": {"FNumber": "100"},
    }
    return _merged(row, fields)


def outbound(number: str | None = "XS1", *lines: Mapping[str, Any], **fields: object) -> dict[str, Any]:
    """The Model of a SAL_OUTSTOCK."""
    model: dict[str, Any] = {
        "FBillTypeID": {"FNUMBER": "XSCKD01_SYS"},
        "FBillNo": number,
        "FDate": "2026-05-01",
        "FSaleOrgId": {"FNumber": "100"},
        "FStockOrgId": {"FNumber": "100"},
        "FCustomerID": {"FNumber": "SHOP01"},
        "SubHeadEntity": {"FSettleOrgID": {"FNumber": "100"}, "FSettleCurrID": {"FNumber": "PRE001"}},
        "FEntity": [dict(each) for each in lines] or [line()],
    }
    return _merged(model, fields)


def returned(number: str | None, *lines: Mapping[str, Any], **fields: object) -> dict[str, Any]:
    """The Model of a SAL_RETURNSTOCK."""
    model = outbound(number, *lines, FBillTypeID={"FNUMBER": "XSTHD01_SYS"}, FCustomerID=None)
    model["FRetcustId"] = {"FNumber": "SHOP01"}
    for row in model["FEntity"]:
        row.setdefault("FReturnType", {"FNumber": "THLX01_SYS"})
    return _merged(model, fields)


def link(bill_id: object, entry_id: object, rule: str = "OutStock-SalReturnStock") -> list[dict[str, Any]]:
    """The link rows of a return's row."""
    return [
        {
            "FEntity_Link_FRuleId": rule,
            "FEntity_Link_FSTableName": "T_SAL_OUTSTOCKENTRY",
            "FEntity_Link_FSBillId": str(bill_id),
            "FEntity_Link_FSId": str(entry_id),
        }
    ]


def sale_order(number: str, quantity: object = 5) -> dict[str, Any]:
    """The Model of a SAL_SaleOrder with one row."""
    return {
        "FBillNo": number,
        "FDate": "2026-04-30",
        "FSaleOrgId": {"FNumber": "100"},
        "FCustId": {"FNumber": "SHOP01"},
        "FSaleOrderFinance": {"FSettleCurrId": {"FNumber": "PRE001"}},
        "FSaleOrderEntry": [
            {
                "FMaterialId": {"FNumber": "SKU1"},
                "FUnitID": {"FNumber": "Pcs"},
                "FQty": quantity,
                "FTaxPrice": 10,
                "FEntryTaxRate": 13,
                "FStockOrgId": {"FNumber": "100"},
                "FSettleOrgIds": {"FNumber": "100"},
                "FOwnerId": {"FNumber": "100"},
            }
        ],
    }


def other_inbound(number: str, material: str, quantity: object, lot: str | None = None) -> dict[str, Any]:
    """The Model of a STK_MISCELLANEOUS with one row, in its upper-case spelling."""
    row = {
        "FMATERIALID": {"FNumber": material},
        "FUnitID": {"FNumber": "Pcs"},
        "FSTOCKID": {"FNumber": "CK01"},
        "FSTOCKSTATUSID": {"FNumber": "KCZT01_SYS"},
        "FQty": quantity,
        "FLOT": {"FNumber": lot} if lot else None,
        "FOWNERTYPEID": "BD_OwnerOrg",
        "FOWNERID": {"FNumber": "100"},
        "FKEEPERTYPEID": "BD_KeeperOrg",
        "FKEEPERID": {"FNumber": "100"},
    }
    return {
        "FBillNo": number,
        "FDate": "2026-05-01",
        "FStockOrgId": {"FNumber": "100"},
        "FOwnerTypeIdHead": "BD_OwnerOrg",
        "FOwnerIdHead": {"FNumber": "100"},
        "FStockDirect": "GENERAL",
        "FEntity": [row],
    }


def _merged(tree: dict[str, Any], fields: Mapping[str, object]) -> dict[str, Any]:
    return {key: value for key, value in {**tree, **fields}.items() if value is not None}


class Reply:
    """An answer with its envelope opened."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree

    @property
    def status(self) -> dict[str, Any]:
        tree = self.tree[0][0] if isinstance(self.tree, list) else self.tree
        status: dict[str, Any] = tree["Result"]["ResponseStatus"]
        return status

    @property
    def ok(self) -> bool:
        return bool(self.status["IsSuccess"])

    @property
    def code(self) -> int:
        return int(self.status["MsgCode"])

    @property
    def errors(self) -> list[tuple[int, str | None, str]]:
        """(DIndex, FieldName, Message) of every error."""
        return [(each["DIndex"], each["FieldName"], each["Message"]) for each in self.status["Errors"]]

    @property
    def fields(self) -> list[str | None]:
        """FieldName of every error."""
        return [field for _, field, _ in self.errors]

    @property
    def message(self) -> str:
        """Message of the first error."""
        return self.errors[0][2]

    @property
    def id(self) -> int:
        return int(self.tree["Result"]["Id"])

    @property
    def entities(self) -> list[tuple[int, str]]:
        """(DIndex, Number) of every success."""
        return [(each["DIndex"], each["Number"]) for each in self.status["SuccessEntitys"]]


class Desk:
    """A logged-in client."""

    def __init__(self, http: httpx.AsyncClient, state: GalaxyState) -> None:
        self.http = http
        self.state = state

    async def post(self, operation: str, body: object, **more: Any) -> httpx.Response:
        headers = {"content-type": "application/json", **more.pop("headers", {})}
        return await self.http.post(service(operation), content=dumps(body), headers=headers, **more)

    async def call(self, operation: str, form: str, **data: object) -> Reply:
        response = await self.post(operation, {"formid": form, "data": data})
        assert response.status_code == 200
        return Reply(loads(response.text))

    async def save(self, form: str, model: object, **options: object) -> Reply:
        return await self.call("Save", form, Model=model, **options)

    async def on(self, operation: str, form: str, *numbers: str, **options: object) -> Reply:
        """An operation on bills by their numbers."""
        return await self.call(operation, form, Numbers=list(numbers), **options)

    async def audited(self, form: str, model: object, **options: object) -> Reply:
        """Save, submit and audit in one go; fails the test when the server refuses."""
        reply = await self.save(form, model, IsAutoSubmitAndAudit=True, **options)
        assert reply.ok, reply.errors
        return reply

    async def ask(self, form: str, keys: str, where: object = "", **options: object) -> Any:
        """ExecuteBillQuery: the rows, or the error object where there is one."""
        data = {"FormId": form, "FieldKeys": keys, "FilterString": where, **options}
        response = await self.post("ExecuteBillQuery", {"data": data})
        return loads(response.text)

    async def status_of(self, form: str, number: str) -> str | None:
        rows = await self.ask(form, "FDocumentStatus", f"FBillNo='{number}'")
        return rows[0][0] if rows else None

    async def entry_id(self, form: str, number: str, entry: str = "FEntity") -> int:
        rows = await self.ask(form, f"{entry}_FEntryID", f"FBillNo='{number}'")
        return int(rows[0][0])
