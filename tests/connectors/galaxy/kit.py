"""Bills, forms and access for the tests of the Galaxy connector."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors.galaxy.access import Auth, GalaxyAccess
from domain.erp import Bill, BillForm
from sandbox.galaxy.sessions import GalaxyConfig

DEMO = GalaxyConfig()
OUTSTOCK = BillForm(
    id="SAL_OUTSTOCK",
    entry="FEntity",
    material="FMaterialID.FNumber",
    quantity="FRealQty",
    amount="FAllAmount",
    head=("FDate", "FCustomerID.FNumber", "FExchangeRate"),
)
SERVICE = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
LOGIN = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService."


def access(url: str, auth: Auth = Auth.SIGNED, **settings: Any) -> GalaxyAccess:
    defaults: dict[str, Any] = {
        "url": f"{url}/k3cloud",
        "acct_id": DEMO.acct_id,
        "user_name": DEMO.user_name,
        "app_id": DEMO.app_id,
        "app_secret": SecretStr(DEMO.app_secret),
        "password": SecretStr(DEMO.password),
        "auth": auth,
        "calls_per_second": 10_000,
        "read_timeout": 10,
    }
    return GalaxyAccess(**(defaults | settings))


def outbound(number: str, *, sku: str = "SKU1", qty: int = 2, **head: Any) -> Bill:
    """A sales outbound with one line at 56.5 including 13 % tax."""
    line = {
        "FRowType": "Standard",
        "FMaterialID": {"FNumber": sku},
        "FUnitID": {"FNumber": "Pcs"},
        "FRealQty": qty,
        "FTaxPrice": "56.5",
        "FEntryTaxRate": 13,
        "FIsFree": False,
        "FStockID": {"FNumber": "CK01"},
        "FStockStatusID": {"FNumber": "KCZT01_SYS"},
        "FOwnerTypeID": "BD_OwnerOrg",
        "FOwnerID": {"FNumber": "100"},
    }
    model = {
        "FBillTypeID": {"FNUMBER": "XSCKD01_SYS"},
        "FDate": "2026-09-01",
        "FSaleOrgId": {"FNumber": "100"},
        "FStockOrgId": {"FNumber": "100"},
        "FCustomerID": {"FNumber": "SHOP01"},
        "FLinkMan": "王小明",
        "FLinkPhone": "13812345678",
        "SubHeadEntity": {
            "FSettleOrgID": {"FNumber": "100"},
            "FSettleCurrID": {"FNumber": "PRE001"},
            "FExchangeTypeID": {"FNumber": "HLTX01_SYS"},
            "FExchangeRate": 1,
            "FIsIncludedTax": True,
            "FThirdBillNo": number,
        },
        "FEntity": [line],
    }
    return Bill(number=number, model=model | head)


def status(ok: bool, code: int = 0, errors: Any = (), done: Any = ()) -> dict[str, Any]:
    """A reply as the vendor writes it. `errors`: (field, message, index); `done`: (number, index)."""
    return {
        "Result": {
            "ResponseStatus": {
                "ErrorCode": 0 if ok else 500,
                "IsSuccess": ok,
                "Errors": [{"FieldName": field, "Message": text, "DIndex": index} for field, text, index in errors],
                "SuccessEntitys": [{"Id": 1, "Number": number, "DIndex": index} for number, index in done],
                "SuccessMessages": [],
                "MsgCode": code,
            }
        }
    }
