"""Bills, forms and access for the tests of the Flagship connector."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors.flagship.access import Auth, FlagshipAccess
from domain.erp import Bill, BillForm
from sandbox.flagship.apis import ImportType
from sandbox.flagship.clock import Clock, china_now
from sandbox.flagship.config import FlagshipConfig
from sandbox.flagship.state import FlagshipState

DEMO = FlagshipConfig()
SALOUT = BillForm(
    id="im_saloutbill",
    entry="billentry",
    material="material_number",
    quantity="qty",
    amount="amountandtax",
    stock="warehouse_number",
    head=("comment", "biztime", "customer_number"),
    date="biztime",
)
SAVE = "/v2/im/im_saloutbill/batchAdd"
QUERY = "/v2/im/im_saloutbill/query"


def access(url: str, auth: Auth = Auth.TOKEN, **settings: Any) -> FlagshipAccess:
    defaults: dict[str, Any] = {
        "url": url,
        "account_id": DEMO.account_id,
        "app_id": DEMO.app_id,
        "app_secret": SecretStr(DEMO.app_secret),
        "digest_key": SecretStr(DEMO.digest_key),
        "user": DEMO.user,
        "auth": auth,
        "calls_per_second": 10_000,
        "calls_per_minute": 600_000,
        "read_timeout": 10,
    }
    return FlagshipAccess(**(defaults | settings))


def tenant_of_tests(import_type: ImportType = ImportType.NEW, clock: Clock = china_now) -> FlagshipState:
    """A tenant with some goods, without rate limits, whose save creates only."""
    state = FlagshipState(clock=clock)
    state.switches.calls_per_minute = state.switches.calls_per_second = None
    state.set_up(SAVE, import_type=import_type)
    state.seed(
        {
            "materials": [{"number": "SKU1"}, {"number": "SKU2"}],
            "customers": [{"number": "SHOP01"}],
            "warehouses": [{"number": "CK01"}],
            "quantities": [{"stock": "CK01", "material": "SKU1", "quantity": 1000}],
        }
    )
    return state


def outbound(number: str, *, sku: str = "SKU1", qty: int = 2, lines: int = 1, **head: Any) -> Bill:
    """A sales outbound whose lines are at 56.5 including 13 % tax."""
    line = {
        "material_number": sku,
        "unit_number": "Pcs",
        "qty": qty,
        "priceandtax": "56.5",
        "taxrateid_number": "V13",
        "warehouse_number": "CK01",
        "srcsysbillentryid": f"L-{number}",
    }
    model = {
        "org_number": "100",
        "billtype_number": "im_SalOutBill_STD_BT_S",
        "biztype_number": "210",
        "invscheme_number": "210",
        "biztime": "2026-09-01",
        "bookdate": "2026-09-01",
        "customer_number": "SHOP01",
        "settlecurrency_number": "CNY",
        "exchangerate": 1,
        "comment": f"ref-{number}",
        "billentry": [line | {"qty": qty + i} for i in range(lines)],
    }
    return Bill(number=number, model=model | head)
