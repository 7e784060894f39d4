"""Every hold says in two languages what is missing, names an owner, and carries the key that frees it."""

from __future__ import annotations

import pytest

from domain import holds
from domain.documents import Hold, HoldReason, OwnerRole
from domain.faults import Fault, FaultKind
from domain.keys import mapping_gap


def fault(code: str, field: str | None = None, kind: FaultKind = FaultKind.REFUSED) -> Fault:
    return Fault(kind, system="galaxy", code=code, message="即时库存不足", field=field)


@pytest.mark.parametrize("reason", HoldReason)
def test_every_reason_has_an_owner_and_a_name(reason: HoldReason) -> None:
    hold = holds.make(reason, "中文", "English")
    assert hold.owner in OwnerRole and holds.ROLE_ZH[hold.owner] and holds.REASON_ZH[reason]
    assert (hold.gap, hold.code, hold.field) == (None, None, None)


def test_the_flow_may_name_another_owner() -> None:
    owners = {HoldReason.STOCK_SHORT: OwnerRole.OPERATIONS}
    assert holds.make(HoldReason.STOCK_SHORT, "", "").owner is OwnerRole.PURCHASING
    assert holds.make(HoldReason.STOCK_SHORT, "", "", owners=owners).owner is OwnerRole.OPERATIONS
    assert holds.make(HoldReason.ERP_REFUSED, "", "", owners=owners).owner is OwnerRole.FINANCE


@pytest.mark.parametrize("key", ["ABC-1", " abc-1 ", "aBc-1\t"])
def test_mapping_gaps_disregard_blanks_and_case(key: str) -> None:
    assert mapping_gap("sku", key) == "mapping:sku:abc-1"
    assert mapping_gap("shop", key) != mapping_gap("sku", key)


def test_one_missing_mapping() -> None:
    hold = holds.mapping_missing([("sku", "ABC")], target="FEntity[0].FMaterialID.FNumber")
    assert hold == Hold(
        reason=HoldReason.MAPPING_MISSING,
        zh="映射表中没有商品“ABC”，补录后自动继续。",
        en="No mapping for sku 'ABC'; add it and the document goes on by itself.",
        owner=OwnerRole.MASTER_DATA,
        gap="mapping:sku:abc",
        field="FEntity[0].FMaterialID.FNumber",
    )


def test_many_missing_mappings_name_five_and_count_the_rest() -> None:
    five = [("sku", f"S{i}") for i in range(5)]
    assert "等" not in holds.mapping_missing(five).zh and "more" not in holds.mapping_missing(five).en
    hold = holds.mapping_missing([*five, ("warehouse", "W1"), ("colour", "red")])
    assert "商品“S4” 等 7 项" in hold.zh and "W1" not in hold.zh
    assert "sku 'S4' and 2 more" in hold.en
    assert hold.gap == "mapping:sku:s0" and hold.field is None
    assert "colour“red”" in holds.mapping_missing([("colour", "red")]).zh


def test_source_invalid_names_field_expected_and_got() -> None:
    hold = holds.source_invalid("items.0.qty", "a quantity above 0", "-1")
    assert (hold.reason, hold.owner, hold.field) == (HoldReason.SOURCE_INVALID, OwnerRole.OPERATIONS, "items.0.qty")
    for text in (hold.zh, hold.en):
        assert all(word in text for word in ("items.0.qty", "a quantity above 0", "-1"))


@pytest.mark.parametrize(
    ("code", "reason", "owner"),
    [
        ("stock_short", HoldReason.STOCK_SHORT, OwnerRole.PURCHASING),
        ("period_closed", HoldReason.ERP_REFUSED, OwnerRole.FINANCE),
    ],
)
def test_refused_keeps_the_erps_words(code: str, reason: HoldReason, owner: OwnerRole) -> None:
    hold = holds.refused(fault(code, field="FRealQty"))
    assert (hold.reason, hold.owner, hold.code, hold.field) == (reason, owner, code, "FRealQty")
    assert "（字段 FRealQty）：即时库存不足" in hold.zh and "(field FRealQty): 即时库存不足" in hold.en
    assert "字段" not in holds.refused(fault(code)).zh and "field" not in holds.refused(fault(code)).en


def test_stock_short_and_other_refusals_read_differently() -> None:
    assert holds.refused(fault("stock_short")).zh.startswith("金蝶库存不足")
    assert holds.refused(fault("stock_short")).en.startswith("Not enough stock in Kingdee")
    assert holds.refused(fault("other")).zh.startswith("金蝶拒绝")
    assert holds.refused(fault("other")).en.startswith("Kingdee refuses")


def test_conflict_and_refused_reversal_name_the_bill() -> None:
    owners = {HoldReason.BILL_CONFLICT: OwnerRole.OPERATIONS, HoldReason.REVERSAL_REFUSED: OwnerRole.PURCHASING}
    conflict = holds.conflict("XSCK1", owners)
    assert "XSCK1" in conflict.zh and "XSCK1" in conflict.en
    assert (conflict.reason, conflict.owner) == (HoldReason.BILL_CONFLICT, OwnerRole.OPERATIONS)
    reversal = holds.reversal_refused("XSCK1", fault("downstream", field="FBillNo"), owners)
    assert all("XSCK1" in text and "即时库存不足" in text for text in (reversal.zh, reversal.en))
    assert (reversal.reason, reversal.owner) == (HoldReason.REVERSAL_REFUSED, OwnerRole.PURCHASING)
    assert (reversal.code, reversal.field) == ("downstream", "FBillNo")


def test_a_return_waits_for_its_outbound() -> None:
    hold = holds.outbound_not_posted(HoldReason.OUTBOUND_NOT_POSTED, ["OI1", "", "OI2"], "order_line:OI1")
    assert hold.gap == "order_line:OI1" and "OI1、OI2" in hold.zh and "OI1, OI2" in hold.en
    many = holds.outbound_not_posted(HoldReason.OUTBOUND_NOT_POSTED, [f"OI{i}" for i in range(7)], "g")
    assert "OI4" in many.zh and "OI5" not in many.zh


def test_a_return_that_names_no_order_line_waits_for_nothing() -> None:
    hold = holds.outbound_not_posted(HoldReason.OUTBOUND_NOT_POSTED, ["", ""], "order_line:")
    assert hold.gap is None and "没有指明原订单明细" in hold.zh and "names no order line" in hold.en


@pytest.mark.parametrize(
    ("kind", "reason", "gap"),
    [
        (FaultKind.TRANSIENT, HoldReason.SYSTEM_UNREACHABLE, None),
        (FaultKind.THROTTLED, HoldReason.SYSTEM_UNREACHABLE, None),
        (FaultKind.EXPIRED, HoldReason.CREDENTIALS_REFUSED, None),
        (FaultKind.REFUSED, HoldReason.CREDENTIALS_REFUSED, None),
    ],
)
def test_the_hold_of_a_call_that_failed(kind: FaultKind, reason: HoldReason, gap: str | None) -> None:
    hold = holds.of_fault(kind, "galaxy", "timeout", "没有回应")
    assert (hold.reason, hold.gap, hold.code, hold.owner) == (reason, gap, "timeout", OwnerRole.INTEGRATION)
    assert all(word in text for word in ("galaxy", "timeout", "没有回应") for text in (hold.zh, hold.en))


def test_what_cannot_be_reached_is_free_when_the_system_answers_others_again() -> None:
    hold = holds.of_fault(FaultKind.TRANSIENT, "galaxy", "timeout", "没有回应", queue="galaxy.main")
    assert hold.gap == "reach:galaxy.main"
    assert "自动继续" in hold.zh


def test_rate_and_defect() -> None:
    rate = holds.rate_unavailable("USD", "2026-09-01", "两个来源都不可用")
    assert (rate.reason, rate.gap, rate.owner) == (
        HoldReason.RATE_UNAVAILABLE,
        "rate:USD:2026-09-01",
        OwnerRole.FINANCE,
    )
    assert all(w in text for w in ("USD", "2026-09-01", "两个来源都不可用") for text in (rate.zh, rate.en))
    defect = holds.defect("map", "KeyError")
    assert (defect.reason, defect.code, defect.gap) == (HoldReason.DEFECT, "KeyError", None)
    assert all(w in text for w in ("map", "KeyError") for text in (defect.zh, defect.en))
