"""Three sides that agree differ in nothing; each thing that can be wrong has its own name, and only that name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.differences import KIND_ZH, Difference, DifferenceKind
from domain.documents import DocumentState
from domain.erp import BillStatus
from domain.reconciliation import (
    BillSide,
    Compared,
    Expectation,
    Goods,
    JournalSide,
    Place,
    Remedy,
    SourceSide,
    Total,
    compare,
    remedy_for,
    summed,
)
from tests.domain.sides import DAY, HOLD, OTHER_DAY, bill, billed, goods, head, item, journal, source, unposted

Kind = DifferenceKind
steady = settings(derandomize=True, database=None, deadline=None, max_examples=150)


def told(
    given: SourceSide | None = None, known: JournalSide | None = None, found: BillSide | None = None
) -> list[Difference]:
    return list(compare(DAY, item(given, found), known).differences)


def kinds(
    given: SourceSide | None = None, known: JournalSide | None = None, found: BillSide | None = None
) -> list[DifferenceKind]:
    return [difference.kind for difference in told(given, known, found)]


def agree(compared: Compared) -> bool:
    return all(total.agrees for total in compared.totals)


def test_in_order() -> None:
    compared = compare(DAY, item(found=bill()), journal())
    assert compared.differences == ()
    assert not compared.is_suspect
    total, whole = compared.totals
    assert (total.shop, total.warehouse, total.sku) == ("Lantern US", "2001/1", "A")
    assert whole == total.model_copy(update={"sku": ""})
    assert total.source == total.journal == total.erp
    assert (total.erp.documents, total.erp.quantity, total.erp.amount) == (1, Decimal(6), Decimal("15.30"))


def test_what_the_source_was_not_asked_for_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="bill 1 was not looked for"):
        compare(DAY, item().model_copy(update={"source": None}), None)


# ── the ERP ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bill_that_is_not_there() -> None:
    [difference] = told(known=journal())
    assert difference == Difference(
        kind=Kind.MISSING_IN_ERP,
        number="1",
        bill_number="1",
        reference="SO1",
        shop="Lantern US",
        expected="6 / 15.30",
        found="—",
    )
    assert kinds(known=journal(), found=bill(cancelled=True)) == [Kind.MISSING_IN_ERP]


@pytest.mark.parametrize("status", [status for status in BillStatus if status is not BillStatus.AUDITED])
def test_a_bill_that_is_not_audited(status: BillStatus) -> None:
    [difference] = told(known=journal(), found=bill(status=status))
    assert (difference.kind, difference.expected, difference.found) == (Kind.NOT_AUDITED, "C", status.value)
    total, _ = compare(DAY, item(found=bill(status=status)), journal()).totals
    assert (total.source, total.erp.documents) == (total.journal, 0)


def test_another_quantity_and_with_it_another_amount() -> None:
    one, two = told(known=journal(), found=bill(billed(quantity=5)))
    assert (one.kind, one.sku, one.warehouse, one.expected, one.found) == (
        *(Kind.QUANTITY_DIFFERS, "A", "2001/1", "6", "5"),
    )
    assert (two.kind, two.expected, two.found) == (Kind.AMOUNT_DIFFERS, "15.30", "12.75")


def test_another_amount_alone() -> None:
    assert kinds(known=journal(), found=bill(billed(amount=Decimal("15.29")))) == [Kind.AMOUNT_DIFFERS]


def test_other_goods() -> None:
    """One is short and one is too many."""
    found = [d for d in told(known=journal(), found=bill(billed("B"))) if d.kind is Kind.QUANTITY_DIFFERS]
    assert [(d.sku, d.expected, d.found) for d in found] == [("A", "6", "0"), ("M-B", "0", "6")]


def test_another_warehouse() -> None:
    found = [d for d in told(known=journal(), found=bill(billed(stock="CK9"))) if d.kind is Kind.QUANTITY_DIFFERS]
    assert [(d.sku, d.warehouse, d.expected, d.found) for d in found] == [
        ("A", "2001/1", "6", "0"),
        ("A", "CK9", "0", "6"),
    ]


def test_the_same_goods_on_several_lines_are_the_same_goods() -> None:
    assert kinds(source(goods(quantity=4), goods(quantity=2)), journal(), bill()) == []
    assert kinds(known=journal(), found=bill(billed(quantity=1), billed(quantity=5))) == []


def test_a_service_has_no_warehouse_whatever_the_erp_fills_in() -> None:
    postage = goods("POST", 1, stock="", warehouse="")
    assert kinds(source(postage), journal(postage), bill(billed("POST", 1))) == []


@pytest.mark.parametrize(
    ("key", "value"), [("FDate", "2026-09-02"), ("FCustomerID.FNumber", "C999"), ("FThirdBillNo", "SO2")]
)
def test_another_head(key: str, value: str) -> None:
    [difference] = told(known=journal(), found=bill(head=head() | {key: value}))
    assert (difference.kind, difference.field) == (Kind.HEAD_DIFFERS, key)
    assert (difference.expected, difference.found) == (head()[key], value)


def test_a_bill_of_another_day_is_missed_here_and_found_there() -> None:
    """On both days, once somebody has changed its date; on a day that neither side means, never."""
    moved = item(found=bill(day=OTHER_DAY, head=head(OTHER_DAY)))
    for day in (DAY, OTHER_DAY):
        [difference] = compare(day, moved, journal()).differences
        assert (difference.kind, difference.field) == (Kind.HEAD_DIFFERS, "FDate")
    assert compare(date(2026, 9, 3), moved, journal()) == Compared()
    (here, _), (there, _) = (compare(day, moved, journal()).totals for day in (DAY, OTHER_DAY))
    assert (here.source.documents, here.journal.documents, here.erp.documents) == (1, 1, 0)
    assert (there.source.documents, there.journal.documents, there.erp.documents) == (0, 0, 1)


@pytest.mark.parametrize("expectation", [Expectation.NO_BILL, Expectation.WAITING])
def test_a_bill_that_must_not_be_there(expectation: Expectation) -> None:
    taken_back = source(expectation=expectation, goods=())
    reversed_ = unposted(DocumentState.REVERSED)
    [difference] = told(taken_back, reversed_, bill())
    assert (difference.kind, difference.expected, difference.found) == (Kind.STILL_THERE, "—", "6 / 15.30")
    assert kinds(taken_back, reversed_, bill(cancelled=True)) == []


def test_taken_back_and_gone() -> None:
    taken_back = source(expectation=Expectation.NO_BILL, goods=())
    assert kinds(taken_back, unposted(DocumentState.REVERSED)) == []
    assert kinds(taken_back, None) == [], "what was never due and never seen is nobody's loss"


def test_a_document_the_source_no_longer_has() -> None:
    gone = SourceSide(expectation=Expectation.GONE)
    assert kinds(gone, journal(content=source()), bill()) == [Kind.GONE_AT_SOURCE]
    assert kinds(gone, unposted(DocumentState.REVERSED, content=source())) == []


# ── nobody's bills ──────────────────────────────────────────────────────────────────────────────────────────────────


def nobodys(repeats: str = "") -> SourceSide:
    return SourceSide(expectation=Expectation.NOBODY, repeats=repeats)


def test_a_bill_nobody_ordered() -> None:
    stray = item(nobodys(), bill(number="XS9", shop="C101"), bill_number="XS9", number="")
    compared = compare(DAY, stray, None)
    [difference] = compared.differences
    assert (difference.kind, difference.number, difference.bill_number) == (Kind.NOT_ORDERED, "", "XS9")
    assert (difference.shop, difference.warehouse, difference.found) == ("C101", "CK1", "6 / 15.30")
    total, _ = compared.totals
    assert (total.sku, total.warehouse, total.source.documents, total.erp.documents) == ("M-A", "CK1", 0, 1)


def test_a_second_bill_of_a_document() -> None:
    [difference] = compare(DAY, item(nobodys("1"), bill(number="XS9"), number=""), None).differences
    assert (difference.kind, difference.number, difference.bill_number) == (Kind.DUPLICATED, "1", "XS9")


def test_somebody_elses_business() -> None:
    elsewhere = SourceSide(expectation=Expectation.ELSEWHERE)
    assert compare(DAY, item(elsewhere, bill(), number=""), None) == Compared()
    assert compare(DAY, item(nobodys(), bill(cancelled=True), number=""), None) == Compared()
    assert compare(DAY, item(nobodys(), None, number=""), None) == Compared(), "it has gone meanwhile"


# ── the journal ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_document_nobody_has_seen() -> None:
    assert kinds() == [Kind.MISSING_IN_JOURNAL, Kind.MISSING_IN_ERP]
    assert kinds(found=bill()) == [Kind.MISSING_IN_JOURNAL]
    waiting = source(expectation=Expectation.WAITING, goods=())
    assert kinds(waiting) == [Kind.MISSING_IN_JOURNAL], "it has to wait visibly"
    assert kinds(SourceSide(expectation=Expectation.UNREADABLE)) == [Kind.MISSING_IN_JOURNAL]


def test_a_change_nobody_has_seen() -> None:
    edited = source(goods(quantity=4), version="v2")
    content = source()
    assert kinds(edited, journal(content=content), bill()) == [
        *(Kind.STALE_IN_JOURNAL, Kind.QUANTITY_DIFFERS, Kind.AMOUNT_DIFFERS),
    ]
    cancelled = source(expectation=Expectation.NO_BILL, goods=(), version="v2")
    assert kinds(cancelled, journal(content=content), bill()) == [Kind.STALE_IN_JOURNAL, Kind.STILL_THERE]


def test_what_waits_is_explained() -> None:
    held = unposted(DocumentState.HELD, hold=HOLD)
    compared = compare(DAY, item(), held)
    [difference] = compared.differences
    assert (difference.kind, difference.zh, difference.en) == (Kind.HELD, "缺货", "Short of stock")
    assert not compared.is_suspect
    assert not agree(compared)
    assert kinds(source(version="v2"), held) == [Kind.STALE_IN_JOURNAL, Kind.HELD], "but the change must not be lost"


@pytest.mark.parametrize("state", [DocumentState.RECEIVED, DocumentState.RUNNING])
def test_under_way_or_stranded(state: DocumentState) -> None:
    assert kinds(known=unposted(state, carried=True)) == [Kind.UNDER_WAY]
    assert kinds(known=unposted(state)) == [Kind.STRANDED, Kind.MISSING_IN_ERP]


@pytest.mark.parametrize("found", [None, bill()])
def test_what_a_person_decided_stands(found: BillSide | None) -> None:
    skipped = unposted(DocumentState.SKIPPED, by_person=True)
    compared = compare(DAY, item(found=found), skipped)
    assert [d.kind for d in compared.differences] == [Kind.BY_PERSON]
    assert not compared.is_suspect


def test_what_a_person_corrected_is_compared_with_the_correction() -> None:
    corrected = journal(goods(quantity=7), version="amended-1", content=source(goods(quantity=7), version="amended-1"))
    assert kinds(known=corrected, found=bill(billed(quantity=7))) == [Kind.CORRECTED]
    assert kinds(known=corrected, found=bill()) == [Kind.QUANTITY_DIFFERS, Kind.AMOUNT_DIFFERS, Kind.CORRECTED]
    assert agree(compare(DAY, item(found=bill(billed(quantity=7))), corrected))


def test_unreadable_and_nobody_waits_for_it() -> None:
    unreadable = SourceSide(expectation=Expectation.UNREADABLE, version="v1")
    assert kinds(unreadable, journal(), bill()) == [Kind.UNREADABLE]
    assert kinds(unreadable, unposted(DocumentState.HELD, hold=HOLD)) == [Kind.HELD]


# ── totals ──────────────────────────────────────────────────────────────────────────────────────────────────────────

SKUS = st.sampled_from("ABC")
LINES = st.lists(
    st.builds(
        lambda sku, quantity, stock: goods(sku, quantity, stock=stock, warehouse=f"wh-{stock}"),
        *(SKUS, st.integers(1, 9), st.sampled_from(("CK1", "CK2"))),
    ),
    min_size=1,
    max_size=4,
)


def in_erp_words(line: Goods) -> Goods:
    return line.model_copy(update={"sku": "", "warehouse": ""})


@steady
@given(LINES)
def test_what_agrees_adds_the_same_to_all_sides(lines: list[Goods]) -> None:
    found = bill(*(in_erp_words(line) for line in reversed(lines)))
    compared = compare(DAY, item(source(*lines), found), journal(*lines))
    assert compared.differences == ()
    assert agree(compared)
    assert sum(total.erp.quantity for total in compared.totals if total.sku) == sum(line.quantity for line in lines)


@steady
@given(LINES, LINES, st.booleans())
def test_totals_never_differ_without_a_difference(ours: list[Goods], theirs: list[Goods], audited: bool) -> None:
    found = bill(*map(in_erp_words, theirs), status=BillStatus.AUDITED if audited else BillStatus.SUBMITTED)
    compared = compare(DAY, item(source(*ours), found), journal(*ours))
    assert agree(compared) is not compared.is_suspect
    assert sum(t.source.amount for t in compared.totals if t.sku) == sum(line.amount for line in ours)
    assert sum(t.erp.amount for t in compared.totals if not t.sku) == (
        sum(line.amount for line in theirs) if audited else 0
    )


@steady
@given(LINES)
def test_several_skus_of_one_material_are_told_apart_where_they_agree(lines: list[Goods]) -> None:
    lines = [line.model_copy(update={"material": "M"}) for line in lines]
    compared = compare(DAY, item(source(*lines), bill(*map(in_erp_words, lines))), journal(*lines))
    assert compared.differences == ()
    assert agree(compared)


@steady
@given(st.lists(LINES, max_size=5))
def test_totals_of_many_documents_add_up(documents: list[list[Goods]]) -> None:
    sums: dict[Place, Total] = {}
    for lines in documents:
        summed(compare(DAY, item(source(*lines), bill(*map(in_erp_words, lines))), journal(*lines)).totals, into=sums)
    worth = sum(line.quantity for lines in documents for line in lines)
    assert sum(t.source.quantity for t in sums.values() if t.sku) == worth
    assert sum(t.source.quantity for t in sums.values() if not t.sku) == worth
    assert all(total.agrees for total in sums.values())
    assert all((total.shop, total.warehouse, total.sku) == place for place, total in sums.items())


# ── remedies ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("found", "remedy"),
    [
        ([Kind.MISSING_IN_JOURNAL, Kind.MISSING_IN_ERP], Remedy.TAKE_IN),
        ([Kind.STALE_IN_JOURNAL, Kind.HELD], Remedy.TAKE_IN),
        ([Kind.MISSING_IN_ERP], Remedy.LOOK_AGAIN),
        ([Kind.QUANTITY_DIFFERS, Kind.AMOUNT_DIFFERS, Kind.CORRECTED], Remedy.LOOK_AGAIN),
        ([Kind.NOT_AUDITED], Remedy.LOOK_AGAIN),
        ([Kind.STILL_THERE], Remedy.LOOK_AGAIN),
        ([Kind.HEAD_DIFFERS], Remedy.LOOK_AGAIN),
        ([Kind.STRANDED, Kind.MISSING_IN_ERP], Remedy.START),
        ([Kind.HELD], None),
        ([Kind.BY_PERSON], None),
        ([Kind.UNDER_WAY], None),
        ([Kind.CORRECTED], None),
        ([Kind.NOT_ORDERED], None),
        ([Kind.DUPLICATED], None),
        ([Kind.GONE_AT_SOURCE], None),
        ([Kind.UNREADABLE], None),
        ([], None),
    ],
)
def test_remedies(found: list[DifferenceKind], remedy: Remedy | None) -> None:
    assert remedy_for([Difference(kind=kind) for kind in found]) is remedy


def test_every_kind_has_its_words() -> None:
    assert set(KIND_ZH) == set(DifferenceKind)
    assert len(set(KIND_ZH.values())) == len(KIND_ZH)
