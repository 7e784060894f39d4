"""Reconciliation (对账): what the source says, what the ERP has and what the journal believes, side by side (O7).

Pure: three sides of one document or bill go in, the differences between them come out by name, and what each side adds
to the totals of a shop, warehouse and SKU.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from domain.differences import Difference, DifferenceKind
from domain.documents import DocumentState, Frozen, Hold
from domain.erp import BillStatus
from domain.money import Amount

_NOTHING = Decimal(0)
NONE = "—"
"""What stands for a value that is not there."""


class Expectation(StrEnum):
    """What the source means for the books."""

    BILL = "bill"
    NO_BILL = "no_bill"
    """None is due, or the source took the document back."""
    WAITING = "waiting"
    """Not yet: something has to happen at the source first."""
    UNREADABLE = "unreadable"
    GONE = "gone"
    """The source has no such document (any more)."""
    NOBODY = "nobody"
    """The other way round: a bill that no document asks for."""
    ELSEWHERE = "elsewhere"
    """A bill of somebody else: of another flow or connection, or for a customer that is none of our shops."""


class Goods(Frozen):
    """Goods on a line, in both vocabularies: the source's (SKU, warehouse) and the ERP's (material, stock).

    A side that does not know the other's words leaves them empty. `amount` is with tax, in the document's currency.
    """

    sku: str = ""
    warehouse: str = ""
    material: str
    stock: str = ""
    quantity: Amount
    amount: Amount


class SourceSide(Frozen):
    """A document as the source has it, in the terms of the books.

    Attributes:
        version: see `domain.journal.Sighting`.
        day: the date its bill has to have; None when nobody can tell.
        partner: the customer its bill goes to, in the ERP's number.
        reference: what its bill carries as proof that it is ours.
        head: ERP head key → value its bill has to have.
        repeats: for a bill that no document asks for: the document it names all the same.
    """

    expectation: Expectation
    version: str = ""
    day: date | None = None
    shop: str = ""
    partner: str = ""
    reference: str = ""
    head: dict[str, str] = Field(default_factory=dict)
    goods: tuple[Goods, ...] = ()
    repeats: str = ""


class JournalSide(Frozen):
    """A document as we believe it to be.

    Attributes:
        version, source_version: of its content, and of what the source itself last had.
        is_written: a bill of it is in the ERP, or may be.
        by_person: a person decided on this very version that no bill is due.
        carried: a workflow is under way for it.
        content: its own content, where that is not the source's.
        booked: the goods of the bill it believes to be audited; None when it believes in none.
    """

    state: DocumentState
    version: str
    source_version: str
    is_written: bool = False
    by_person: bool = False
    carried: bool = False
    hold: Hold | None = None
    content: SourceSide | None = None
    booked: tuple[Goods, ...] | None = None


class BillSide(Frozen):
    """A bill as the ERP has it.

    Attributes:
        shop: in the source's words where the mapping tables know it.
        reference: see `SourceSide`.
        head: by ERP key.
    """

    number: str
    id: str
    status: BillStatus
    cancelled: bool = False
    day: date | None = None
    shop: str = ""
    reference: str = ""
    head: dict[str, str] = Field(default_factory=dict)
    goods: tuple[Goods, ...] = ()


class Item(Frozen):
    """One document with its bill, or a bill without a document.

    Attributes:
        tried: the differences for which the document was gone through again.
    """

    bill_number: str
    number: str = ""
    source: SourceSide | None = None
    bill: BillSide | None = None
    tried: tuple[Difference, ...] = ()


class Sums(Frozen):
    """Documents, quantity and amount of one side."""

    documents: int = 0
    quantity: Amount = _NOTHING
    amount: Amount = _NOTHING

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(
            documents=self.documents + other.documents,
            quantity=self.quantity + other.quantity,
            amount=self.amount + other.amount,
        )


Place = tuple[str, str, str]
"""Shop, warehouse, SKU."""


class Total(Frozen):
    """What each side has for a shop, a warehouse and a SKU. An empty SKU: all goods of that shop and warehouse."""

    shop: str
    warehouse: str
    sku: str
    source: Sums = Sums()
    journal: Sums = Sums()
    erp: Sums = Sums()

    @property
    def agrees(self) -> bool:
        """All three sides say the same."""
        return self.source == self.journal == self.erp

    def plus(self, other: Total) -> Total:
        """Both together; the place is this one's."""
        return Total(
            shop=self.shop,
            warehouse=self.warehouse,
            sku=self.sku,
            source=self.source.plus(other.source),
            journal=self.journal.plus(other.journal),
            erp=self.erp.plus(other.erp),
        )


class Compared(Frozen):
    """What came of one item."""

    differences: tuple[Difference, ...] = ()
    totals: tuple[Total, ...] = ()

    @property
    def is_suspect(self) -> bool:
        """Something is wrong that nothing explains."""
        return any(difference.is_left for difference in self.differences)


class Reconciliation(Frozen):
    """A comparison of one day of one flow and connection.

    Attributes:
        run: of the workflow that made it.
        ended_at: None while it is under way, or if it never came to its end.
        documents: source documents it looked at; `bills` in the ERP.
        elsewhere: bills of that day that are somebody else's.
    """

    run: str
    flow: str
    connection: str
    day: date
    begun_at: datetime
    ended_at: datetime | None = None
    documents: int = 0
    bills: int = 0
    elsewhere: int = 0


def compare(day: date, item: Item, journal: JournalSide | None) -> Compared:
    """Everything that differs about one item of a day, and what each side adds to the totals.

    Raises:
        ValueError: the item's source has not been read.
    """
    source, bill = item.source, item.bill if item.bill is not None and not item.bill.cancelled else None
    if source is None:
        raise ValueError(f"bill {item.bill_number} was not looked for at the source")
    of_this_day = source.day in (day, None) or (bill is not None and bill.day == day)
    if source.expectation is Expectation.ELSEWHERE or not of_this_day:
        return Compared()
    if source.expectation is Expectation.NOBODY:
        differences = [_unordered(source, bill)] if bill is not None else []
        return Compared(differences=tuple(differences), totals=_totals(day, source, None, bill))
    corrected = journal is not None and _is_corrected(source, journal)
    wanted = journal.content if corrected and journal is not None and journal.content is not None else source
    found = _about_the_journal(source, journal)
    if not any(difference.kind.is_explanation for difference in found):
        found += _about_the_books(wanted, bill, journal)
    if corrected:
        found.append(Difference(kind=DifferenceKind.CORRECTED))
    known = {
        "number": item.number,
        "bill_number": item.bill_number,
        "reference": source.reference,
        "shop": source.shop,
    }
    return Compared(
        differences=tuple(difference.model_copy(update=known) for difference in found),
        totals=_totals(day, wanted, journal, bill),
    )


# ── against the journal ─────────────────────────────────────────────────────────────────────────────────────────────


def _is_corrected(source: SourceSide, journal: JournalSide) -> bool:
    return journal.source_version == source.version != journal.version


def _about_the_journal(source: SourceSide, journal: JournalSide | None) -> list[Difference]:
    due = source.expectation in (Expectation.BILL, Expectation.WAITING, Expectation.UNREADABLE)
    if journal is None:
        return [_summed(DifferenceKind.MISSING_IN_JOURNAL, source)] if due else []
    found = []
    if source.expectation is not Expectation.GONE and journal.source_version != source.version:
        found.append(_summed(DifferenceKind.STALE_IN_JOURNAL, source))
    if journal.by_person:
        found.append(Difference(kind=DifferenceKind.BY_PERSON, expected=_worth(source.goods)))
    elif journal.hold is not None:
        hold = journal.hold
        found.append(Difference(kind=DifferenceKind.HELD, expected=_worth(source.goods), zh=hold.zh, en=hold.en))
    elif not journal.state.is_final:
        kind = DifferenceKind.UNDER_WAY if journal.carried else DifferenceKind.STRANDED
        found.append(Difference(kind=kind, expected=_worth(source.goods)))
    elif source.expectation is Expectation.UNREADABLE and not found:
        found.append(Difference(kind=DifferenceKind.UNREADABLE))
    return found


# ── against the ERP ─────────────────────────────────────────────────────────────────────────────────────────────────


def _about_the_books(wanted: SourceSide, bill: BillSide | None, journal: JournalSide | None) -> list[Difference]:
    if wanted.expectation is Expectation.UNREADABLE:
        return []
    if wanted.expectation is Expectation.BILL:
        if bill is None:
            return [_summed(DifferenceKind.MISSING_IN_ERP, wanted)]
        return [*_status(bill), *_heads(wanted, bill), *_goods(wanted.goods, bill.goods)]
    if bill is None:
        return []
    kind = DifferenceKind.GONE_AT_SOURCE if wanted.expectation is Expectation.GONE else DifferenceKind.STILL_THERE
    return [Difference(kind=kind, expected=NONE, found=_worth(bill.goods))]


def _status(bill: BillSide) -> list[Difference]:
    if bill.status is BillStatus.AUDITED:
        return []
    return [Difference(kind=DifferenceKind.NOT_AUDITED, expected=BillStatus.AUDITED.value, found=bill.status.value)]


def _heads(wanted: SourceSide, bill: BillSide) -> list[Difference]:
    return [
        Difference(
            kind=DifferenceKind.HEAD_DIFFERS, field=key, expected=value or NONE, found=bill.head.get(key) or NONE
        )
        for key, value in wanted.head.items()
        if bill.head.get(key, "") != value
    ]


def _goods(wanted: Iterable[Goods], found: Iterable[Goods]) -> list[Difference]:
    """By material and stock, since an order may have the same goods on several lines."""
    wanted, found = tuple(wanted), _without_stock_of_services(tuple(wanted), found)
    ours, theirs = _by_place(wanted), _by_place(found)
    differences = []
    for place in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(place, Sums()), theirs.get(place, Sums())
        named = _named(place, (*wanted, *found))
        if one.quantity != other.quantity:
            differences.append(_off(DifferenceKind.QUANTITY_DIFFERS, named, one.quantity, other.quantity))
        if one.amount != other.amount:
            differences.append(_off(DifferenceKind.AMOUNT_DIFFERS, named, one.amount, other.amount))
    return differences


def _without_stock_of_services(wanted: Iterable[Goods], found: Iterable[Goods]) -> tuple[Goods, ...]:
    """Services move no stock; where we name none, it does not matter what the ERP has filled in."""
    kept = {goods.material for goods in wanted if goods.stock}
    services = {goods.material for goods in wanted} - kept
    return tuple(g.model_copy(update={"stock": ""}) if g.material in services else g for g in found)


def _by_place(goods: Iterable[Goods]) -> dict[tuple[str, str], Sums]:
    sums: defaultdict[tuple[str, str], Sums] = defaultdict(Sums)
    for each in goods:
        place = (each.material, each.stock)
        sums[place] = sums[place].plus(Sums(quantity=each.quantity, amount=each.amount))
    return dict(sums)


def _named(place: tuple[str, str], known: Iterable[Goods]) -> Mapping[str, str]:
    """SKU and warehouse in the source's words as far as anything known tells them."""
    material, stock = place
    known = tuple(known)
    sku = next((goods.sku for goods in known if goods.material == material and goods.sku), "")
    warehouse = next((goods.warehouse for goods in known if goods.stock == stock and goods.warehouse), "")
    return {"sku": sku or material, "warehouse": warehouse or stock}


def _off(kind: DifferenceKind, named: Mapping[str, str], expected: Decimal, found: Decimal) -> Difference:
    return Difference(kind=kind, expected=_plain(expected), found=_plain(found), **named)


def _unordered(source: SourceSide, bill: BillSide) -> Difference:
    kind = DifferenceKind.DUPLICATED if source.repeats else DifferenceKind.NOT_ORDERED
    places = {goods.warehouse or goods.stock for goods in bill.goods}
    return Difference(
        kind=kind,
        number=source.repeats,
        bill_number=bill.number,
        reference=bill.reference,
        shop=bill.shop,
        warehouse=places.pop() if len(places) == 1 else "",
        expected=NONE,
        found=_worth(bill.goods),
    )


def _summed(kind: DifferenceKind, source: SourceSide) -> Difference:
    return Difference(kind=kind, expected=_worth(source.goods), found=NONE)


def _worth(goods: Iterable[Goods]) -> str:
    """Quantity and amount of all lines: ``6 / 15.30``."""
    goods = tuple(goods)
    quantity = sum((each.quantity for each in goods), _NOTHING)
    return f"{_plain(quantity)} / {_plain(sum((each.amount for each in goods), _NOTHING))}" if goods else NONE


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f") if number == number.to_integral_value() else format(number, "f")


# ── totals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Side(StrEnum):
    """Whose figures they are."""

    SOURCE = "source"
    JOURNAL = "journal"
    ERP = "erp"


def _totals(day: date, wanted: SourceSide, journal: JournalSide | None, bill: BillSide | None) -> tuple[Total, ...]:
    """What this item adds. A bill counts when it is audited, and each side on the day it says."""
    shop = wanted.shop or (bill.shop if bill is not None else "")
    sides: dict[Side, Iterable[Goods]] = {}
    if wanted.expectation is Expectation.BILL and wanted.day == day:
        sides[Side.SOURCE] = wanted.goods
    if journal is not None and journal.booked is not None:
        believed = journal.content.day if journal.content is not None else wanted.day
        sides[Side.JOURNAL] = journal.booked if believed == day else ()
    if bill is not None and bill.day == day and bill.status is BillStatus.AUDITED:
        sides[Side.ERP] = _in_our_words(wanted.goods, bill.goods)
    totals: dict[Place, Total] = {}
    for side, goods in sides.items():
        by_sku = _by_sku(goods).items()
        summed((Total(shop=shop, warehouse=place[0], sku=place[1], **{side: sums}) for place, sums in by_sku), totals)
    return tuple(totals.values())


def _in_our_words(wanted: tuple[Goods, ...], found: Iterable[Goods]) -> Iterable[Goods]:
    """The ERP's goods by SKU. Where several SKUs are one material, what agrees with them all is theirs."""
    found = _without_stock_of_services(wanted, found)
    ours, theirs = _by_place(wanted), _by_place(found)
    agreed = {place for place, sums in theirs.items() if ours.get(place) == sums}
    for goods in wanted:
        if (goods.material, goods.stock) in agreed:
            yield goods
    for goods in found:
        place = (goods.material, goods.stock)
        if place not in agreed:
            yield goods.model_copy(update=_named(place, (*wanted, goods)))


def _by_sku(goods: Iterable[Goods]) -> dict[tuple[str, str], Sums]:
    """Figures of one document by warehouse and SKU, and by warehouse."""
    sums: dict[tuple[str, str], Sums] = {}
    for each in goods:
        warehouse = each.warehouse or each.stock
        for place in ((warehouse, each.sku or each.material), (warehouse, "")):
            sums[place] = sums.get(place, Sums(documents=1)).plus(Sums(quantity=each.quantity, amount=each.amount))
    return sums


def summed(totals: Iterable[Total], into: dict[Place, Total]) -> None:
    """Add totals to those of the same shop, warehouse and SKU."""
    for total in totals:
        place = (total.shop, total.warehouse, total.sku)
        into[place] = into[place].plus(total) if place in into else total


# ── putting it right ────────────────────────────────────────────────────────────────────────────────────────────────


class Remedy(StrEnum):
    """How a document is gone through again. None of them ever touches a bill that is not provably its own."""

    TAKE_IN = "take_in"
    """It is read from the source again, stored and started, as intake would have done."""
    LOOK_AGAIN = "look_again"
    """The journal forgets what it believes of the bill, and the document converges anew (requirement L2)."""
    START = "start"
    """Its workflow is started again."""


def remedy_for(differences: Iterable[Difference]) -> Remedy | None:
    """What can put a document right; None where a person has to."""
    kinds = {difference.kind for difference in differences}
    if kinds & {DifferenceKind.MISSING_IN_JOURNAL, DifferenceKind.STALE_IN_JOURNAL}:
        return Remedy.TAKE_IN
    if any(kind.is_explanation and kind is not DifferenceKind.CORRECTED for kind in kinds):
        return None
    if DifferenceKind.STRANDED in kinds:
        return Remedy.START
    return Remedy.LOOK_AGAIN if any(kind.can_be_mended for kind in kinds) else None
