"""Short ways to write a form down."""

from __future__ import annotations

from typing import Any

from sandbox.galaxy.metadata import Entity, Field, Kind, Level


def text(key: str, caption: str, **more: Any) -> Field:
    return Field(key, caption, Kind.TEXT, **more)


def texts(*keys: str) -> tuple[Field, ...]:
    """Free texts nobody checks; their caption is their key."""
    return tuple(Field(key, key) for key in keys)


def day(key: str, caption: str, **more: Any) -> Field:
    return Field(key, caption, Kind.DATE, **more)


def flag(key: str, caption: str, *, default: bool = False) -> Field:
    return Field(key, caption, Kind.BOOL, default=default)


def number(key: str, caption: str, **more: Any) -> Field:
    return Field(key, caption, Kind.DECIMAL, **more)


def numbers(*keys: str) -> tuple[Field, ...]:
    return tuple(Field(key, key, Kind.DECIMAL) for key in keys)


def computed(key: str, caption: str) -> Field:
    return Field(key, caption, Kind.DECIMAL, computed=True)


def ref(key: str, caption: str, form: str, **more: Any) -> Field:
    return Field(key, caption, Kind.BASE, ref=form, **more)


def org(key: str, caption: str, **more: Any) -> Field:
    return ref(key, caption, "ORG_Organizations", **more)


def unit(key: str, caption: str, **more: Any) -> Field:
    return ref(key, caption, "BD_UNIT", **more)


def currency(key: str, caption: str, **more: Any) -> Field:
    return ref(key, caption, "BD_Currency", **more)


def customer(key: str, caption: str, **more: Any) -> Field:
    return ref(key, caption, "BD_Customer", **more)


def supplier(key: str, caption: str, **more: Any) -> Field:
    return ref(key, caption, "BD_Supplier", **more)


def department(key: str, caption: str) -> Field:
    return ref(key, caption, "BD_Department")


def staff(key: str, caption: str) -> Field:
    return ref(key, caption, "BD_Empinfo")


def stock(key: str, caption: str, **more: Any) -> Field:
    return ref(key, caption, "BD_STOCK", **more)


def stock_status(key: str, caption: str, **more: Any) -> Field:
    return ref(key, caption, "BD_StockStatus", default="KCZT01_SYS", **more)


def lot(key: str) -> Field:
    return Field(key, "批号", Kind.LOT, ref="BD_BatchMainFile")


def flex(key: str, caption: str) -> Field:
    return Field(key, caption, Kind.FLEX)


def owner_pair(
    type_key: str, key: str, caption: str, *, default: str | None, required: bool = False
) -> tuple[Field, Field]:
    """An owner or keeper: its type and the number that is of that type."""
    return (
        Field(type_key, f"{caption}类型", required=required, default=default),
        Field(key, caption, Kind.BASE, ref_by=type_key.casefold(), required=required),
    )


def bill_head(
    caption: str, table: str, orm: str, bill_type: str, *fields: Field, cancel: str = "FCancelStatus"
) -> Entity:
    """The head of a bill: what every bill has, then its own fields."""
    common = (
        ref("FBillTypeID", "单据类型", "BOS_BillType", required=True, default=bill_type),
        day("FDate", "日期", required=True),
        *_life(),
        Field(cancel, "作废状态", default="A", computed=True),
        ref("FCancellerId", "作废人", "SEC_User", computed=True),
    )
    return Entity("FBillHead", caption, Level.HEAD, (*common, *fields), orm=orm, table=table)


def base_head(form: str, caption: str, *fields: Field) -> Entity:
    """The head of base data: number, name, organisations, state, then its own fields."""
    common = (
        text("FName", "名称"),
        org("FCreateOrgId", "创建组织"),
        org("FUseOrgId", "使用组织"),
        *_life(),
        Field("FForbidStatus", "禁用状态", default="A", computed=True),
    )
    return Entity("FBillHead", caption, Level.HEAD, (*common, *fields), orm=form)


def _life() -> tuple[Field, ...]:
    return (
        Field("FDocumentStatus", "单据状态", computed=True),
        ref("FCreatorId", "创建人", "SEC_User", computed=True),
        day("FCreateDate", "创建日期", computed=True),
        ref("FModifierId", "最后修改人", "SEC_User", computed=True),
        day("FModifyDate", "最后修改日期", computed=True),
        ref("FApproverId", "审核人", "SEC_User", computed=True),
        day("FApproveDate", "审核日期", computed=True),
    )


def line_amounts(quantity_caption: str = "计价数量") -> tuple[Field, ...]:
    """Price, tax and discount of a goods line, and what the server makes of them."""
    return (
        unit("FPriceUnitId", "计价单位"),
        number("FPriceUnitQty", quantity_caption),
        number("FPrice", "单价"),
        number("FTaxPrice", "含税单价"),
        number("FEntryTaxRate", "税率"),
        number("FDiscountRate", "折扣率"),
        number("FDiscount", "折扣额"),
        flag("FIsFree", "是否赠品"),
        computed("FAmount", "金额"),
        computed("FEntryTaxAmount", "税额"),
        computed("FAllAmount", "价税合计"),
        computed("FAmount_LC", "金额（本位币）"),
        computed("FTaxAmount_LC", "税额（本位币）"),
        computed("FAllAmount_LC", "价税合计（本位币）"),
    )


def finance(key: str, caption: str, orm: str, *fields: Field, settle_currency: str = "FSettleCurrId") -> Entity:
    """The finance sub-head of a bill: currencies, rate, totals, then its own fields."""
    common = (
        currency(settle_currency, "结算币别", required=True),
        currency("FLocalCurrId", "本位币", default="PRE001"),
        ref("FExchangeTypeId", "汇率类型", "BD_RateType", default="HLTX01_SYS"),
        number("FExchangeRate", "汇率"),
        flag("FIsIncludedTax", "是否含税", default=True),
        flag("FIsPriceExcludeTax", "价外税", default=True),
        computed("FBillAmount", "金额"),
        computed("FBillTaxAmount", "税额"),
        computed("FBillAllAmount", "价税合计"),
        computed("FBillAmount_LC", "金额（本位币）"),
        computed("FBillTaxAmount_LC", "税额（本位币）"),
        computed("FBillAllAmount_LC", "价税合计（本位币）"),
    )
    return Entity(key, caption, Level.SUBHEAD, (*common, *fields), orm=orm)


def link_entity(parent: str, *carried: str) -> Entity:
    """The link rows of an entry (section 11); `carried` are the quantity keys without their prefix."""
    key = f"{parent}_Link"
    fields = [text(f"{key}_{name}", name) for name in ("FLinkId", "FFlowId", "FFlowLineId", "FRuleId", "FSTableId")]
    fields += [text(f"{key}_FSTableName", "FSTableName")]
    fields += [text(f"{key}_{name}", name, indexed=True) for name in ("FSBillId", "FSId")]
    fields += [number(f"{key}_{name}", name) for quantity in carried for name in (f"{quantity}Old", quantity)]
    return Entity(key, "关联关系", Level.SUBENTRY, tuple(fields), orm=key, parent=parent)
