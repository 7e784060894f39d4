"""Convert rules: which form is made from which, and what is carried over (section 11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ConvertRule:
    """How a target form comes from a source form.

    Attributes:
        id: the rule's id; `aliases` are ids tenants are known to use for it.
        table: physical entry table of the source, as link rows name it.
        head, line: target field ← source field, folded keys.
        head_defaults, line_defaults: target field ← value; base data by number.
        taken: folded key of the source field that shows how much was taken, `open` the one that shows what is left.
        quantity: folded key of the target's quantity.
    """

    id: str
    source: str
    target: str
    table: str
    quantity: str
    head: dict[str, str] = field(default_factory=dict)
    line: dict[str, str] = field(default_factory=dict)
    head_defaults: dict[str, Any] = field(default_factory=dict)
    line_defaults: dict[str, Any] = field(default_factory=dict)
    taken: str | None = None
    open: str | None = None
    aliases: tuple[str, ...] = ()

    def answers_to(self, rule_id: str) -> bool:
        wanted = rule_id.casefold()
        return any(wanted == name.casefold() for name in (self.id, *self.aliases))


_PRICES = {"ftaxprice": "ftaxprice", "fprice": "fprice", "fentrytaxrate": "fentrytaxrate", "fisfree": "fisfree"}
_DISCOUNTS = {"fdiscountrate": "fdiscountrate"}
_FINANCE = {
    "fsettlecurrid": "fsettlecurrid",
    "flocalcurrid": "flocalcurrid",
    "fexchangetypeid": "fexchangetypeid",
    "fexchangerate": "fexchangerate",
    "fisincludedtax": "fisincludedtax",
}
_OWNER = {"fownertypeid": "fownertypeid", "fownerid": "fownerid"}
_KEEPER = {"fkeepertypeid": "fkeepertypeid", "fkeeperid": "fkeeperid"}
_GOODS = {"fmaterialid": "fmaterialid", "funitid": "funitid", "flot": "flot"}

_RETURN_HEAD = {
    "fsaleorgid": "fsaleorgid",
    "fstockorgid": "fstockorgid",
    "fretcustid": "fcustomerid",
    "fsettleorgid": "fsettleorgid",
    **_FINANCE,
}

RULES = (
    ConvertRule(
        id="SaleOrder-OutStock",
        aliases=("SAL_SaleOrder-SAL_OUTSTOCK",),
        source="SAL_SaleOrder",
        target="SAL_OUTSTOCK",
        table="T_SAL_ORDERENTRY",
        quantity="frealqty",
        head={"fsaleorgid": "fsaleorgid", "fcustomerid": "fcustid", **_FINANCE},
        line={
            **_GOODS,
            **_PRICES,
            **_DISCOUNTS,
            **_OWNER,
            "fmustqty": "@open",
            "fsoorderno": "@number",
            "fsoentryid": "@entry",
            "fsrcbillno": "@number",
            "@fstockorgid": "fstockorgid",
            "@fsettleorgid": "fsettleorgids",
        },
        line_defaults={"fstockstatusid": "KCZT01_SYS", "fsrctype": "SAL_SaleOrder"},
        taken="fstockoutqty",
        open="fremainoutqty",
    ),
    ConvertRule(
        id="SaleOrder-DeliveryNotice",
        source="SAL_SaleOrder",
        target="SAL_DELIVERYNOTICE",
        table="T_SAL_ORDERENTRY",
        quantity="fqty",
        head={"fsaleorgid": "fsaleorgid", "fcustomerid": "fcustid", "fsettlecurrid": "fsettlecurrid"},
        line={
            **_GOODS,
            **_PRICES,
            "forderno": "@number",
            "fsrcbillno": "@number",
            "@fdeliveryorgid": "fstockorgid",
            "@fsettleorgid": "fsettleorgids",
        },
        taken="fdeliqty",
    ),
    ConvertRule(
        id="DeliveryNotice-OutStock",
        aliases=("SAL_DELIVERYNOTICE-SAL_OUTSTOCK",),
        source="SAL_DELIVERYNOTICE",
        target="SAL_OUTSTOCK",
        table="T_SAL_DELIVERYNOTICEENTRY",
        quantity="frealqty",
        head={
            "fsaleorgid": "fsaleorgid",
            "fcustomerid": "fcustomerid",
            "fstockorgid": "fdeliveryorgid",
            "fsettleorgid": "fsettleorgid",
            "fsettlecurrid": "fsettlecurrid",
            "fexchangerate": "fexchangerate",
        },
        line={
            **_GOODS,
            **_PRICES,
            "fstockid": "fshipmentstockid",
            "fmustqty": "@open",
            "fsoorderno": "forderno",
            "fsrcbillno": "@number",
        },
        line_defaults={"fstockstatusid": "KCZT01_SYS", "fsrctype": "SAL_DELIVERYNOTICE"},
        taken="fsumoutqty",
    ),
    ConvertRule(
        id="OutStock-SalReturnStock",
        source="SAL_OUTSTOCK",
        target="SAL_RETURNSTOCK",
        table="T_SAL_OUTSTOCKENTRY",
        quantity="frealqty",
        head=_RETURN_HEAD,
        line={
            **_GOODS,
            **_PRICES,
            **_DISCOUNTS,
            **_OWNER,
            **_KEEPER,
            "fstockid": "fstockid",
            "fstockstatusid": "fstockstatusid",
            "fproducedate": "fproducedate",
            "fexpirydate": "fexpirydate",
            "fmustqty": "@open",
            "forderno": "fsoorderno",
            "fsrcbillno": "@number",
        },
        line_defaults={"freturntype": "THLX01_SYS", "fsrcbilltypeid": "SAL_OUTSTOCK"},
        taken="freturnqty",
    ),
    ConvertRule(
        id="SaleOrder-SalReturnStock",
        source="SAL_SaleOrder",
        target="SAL_RETURNSTOCK",
        table="T_SAL_ORDERENTRY",
        quantity="frealqty",
        head={"fsaleorgid": "fsaleorgid", "fretcustid": "fcustid", **_FINANCE},
        line={
            **_GOODS,
            **_PRICES,
            **_DISCOUNTS,
            **_OWNER,
            "fmustqty": "@open",
            "forderno": "@number",
            "fsrcbillno": "@number",
            "@fstockorgid": "fstockorgid",
            "@fsettleorgid": "fsettleorgids",
        },
        line_defaults={
            "freturntype": "THLX01_SYS",
            "fstockstatusid": "KCZT01_SYS",
            "fsrcbilltypeid": "SAL_SaleOrder",
        },
        taken="freturnqty",
    ),
    ConvertRule(
        id="AR_OutStockToReceivableMap",
        source="SAL_OUTSTOCK",
        target="AR_receivable",
        table="T_SAL_OUTSTOCKENTRY",
        quantity="fpriceqty",
        head={
            "fcustomerid": "fcustomerid",
            "fsettleorgid": "fsettleorgid",
            "fpayorgid": "fsettleorgid",
            "fsaleorgid": "fsaleorgid",
            "fcurrencyid": "fsettlecurrid",
            "fmainbookstdcurrid": "flocalcurrid",
            "fexchangetype": "fexchangetypeid",
            "fexchangerate": "fexchangerate",
            "fistax": "fisincludedtax",
        },
        line={
            **_PRICES,
            "fmaterialid": "fmaterialid",
            "fpriceunitid": "funitid",
            "flot": "flot",
            "fentrydiscountrate": "fdiscountrate",
            "fdiscount": "fdiscount",
            "fsourcebillno": "@number",
        },
        line_defaults={"fsourcetype": "SAL_OUTSTOCK"},
    ),
)
