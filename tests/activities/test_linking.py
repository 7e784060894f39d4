"""Which bill entry a line goes back to, for many documents in one question."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.linking import Linker, not_linked
from activities.workshop import Batching
from domain.documents import DocumentKey, HoldReason, OwnerRole
from domain.erp import Match
from domain.faults import Fault, FaultKind
from domain.mapping import Tables
from flows.catalogue import Scheme
from tests.domain.erp_books import Books
from tests.flows.bench import FLOW, Bench, Goods

TABLES: Tables = {("sku", "A"): {"material": "M-A"}, ("sku", "B"): {"material": "M-B"}}


@dataclass(slots=True)
class Ledger(Books):
    """Books that answer the linker's question from fixed rows."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, tuple[str, ...], list[Match]]] = field(default_factory=list)
    trouble: Fault | None = None

    async def query(
        self, form: str, fields: Sequence[str], matches: Sequence[Match], *, limit: int | None = None
    ) -> list[dict[str, Any]]:
        self.asked.append((form, tuple(fields), list(matches)))
        if self.trouble is not None:
            raise self.trouble
        first = matches[0]
        return [row for row in self.rows if row[first.key] in first.values]


def entry(
    line: str, material: str, qty: str, returned: str | None = "0", bill: str = "XS1", no: int = 1
) -> dict[str, Any]:
    return {
        "FOrderLine": line,
        "FMaterial.FNumber": material,
        "FQty": Decimal(qty),
        "FReturned": None if returned is None else Decimal(returned),
        "FBillNo": bill,
        "FEntryID": no,
    }


def goods(*lines: tuple[str, str | None, str]) -> Goods:
    items = [{"sku": sku, "order_line": order_line, "qty": qty, "price": "1"} for sku, order_line, qty in lines]
    return Goods.model_validate(
        {
            "number": "R1",
            "status": "Sent",
            "currency": "CNY",
            "shop": "S",
            "day": "2026-09-01T00:00:00Z",
            "items": items,
        }
    )


@pytest.fixture
def scheme(tmp_path: Path) -> Scheme:
    return Bench(tmp_path).load(FLOW.replace("owners: {", "owners: {outbound_not_posted: finance, "))


KEY = DocumentKey(flow="back", connection="main", number="R1")


def linker(ledger: Ledger, scheme: Scheme, most: int = 50) -> Linker:
    return Linker(ledger, scheme, "outbound", Batching(linger=0, most=most, lanes=1))


async def entries(ledger: Ledger, scheme: Scheme, document: Goods) -> tuple[list[Any], list[str]]:
    """The entry id found for each line, and what is missing."""
    links, missing = await linker(ledger, scheme).find(document, TABLES)
    assert all(name == "outbound" for name, _ in links)
    found = {index: row["FEntryID"] for (_, index), row in links.items()}
    return [found.get(index) for index in range(len(document.lines))], missing


async def test_one_question_with_all_that_is_needed(scheme: Scheme) -> None:
    ledger = Ledger(rows=[entry("OI1", "M-A", "2")])
    assert await entries(ledger, scheme, goods(("A", "OI1", "2"))) == ([1], [])
    assert ledger.asked == [
        (
            "SOLD",
            ("FOrderLine", "FMaterial.FNumber", "FQty", "FReturned", "FBillNo", "FEntryID"),
            [Match(key="FOrderLine", values=("OI1",)), Match(key="FDocumentStatus", values=("C",))],
        )
    ]


async def test_all_keys_must_match(scheme: Scheme) -> None:
    ledger = Ledger(
        rows=[entry("OI1", "M-B", "9", no=1), entry("OI1", "M-A", "9", no=2), entry("OI2", "M-A", "9", no=3)]
    )
    assert await entries(ledger, scheme, goods(("A", "OI1", "1"), ("B", "OI1", "1"))) == ([2, 1], [])


@pytest.mark.parametrize(
    ("rows", "quantities", "found"),
    [
        # the first entry with enough open
        ([("2", "0"), ("5", "0")], ["2"], [1]),
        ([("2", "1"), ("5", "0")], ["2"], [2]),
        ([("2", "2"), ("5", "3")], ["2"], [2]),
        # what earlier lines take counts
        ([("2", "0"), ("5", "0")], ["2", "2"], [1, 2]),
        ([("3", "0"), ("1", "0")], ["2", "1", "1"], [1, 1, 2]),
        ([("2.5", "0"), ("1", "0")], ["2", "0.5", "1"], [1, 1, 2]),
        # not enough anywhere: the ERP has the last word on the largest
        ([("1", "0"), ("3", "0"), ("2", "0")], ["9"], [2]),
        ([("3", "2.5"), ("2", "1")], ["2"], [2]),
        ([("2", "0")], ["2", "2"], [1, 1]),
        # nothing returned yet is written as nothing
        ([("2", None)], ["2"], [1]),
    ],
)
async def test_open_quantity(
    rows: list[tuple[str, str | None]], quantities: list[str], found: list[int], scheme: Scheme
) -> None:
    ledger = Ledger(rows=[entry("OI1", "M-A", qty, back, no=no) for no, (qty, back) in enumerate(rows, 1)])
    document = goods(*(("A", "OI1", quantity) for quantity in quantities))
    assert await entries(ledger, scheme, document) == (found, [])


async def test_nothing_found_names_the_gap_that_is_waited_for(scheme: Scheme) -> None:
    ledger = Ledger(rows=[entry("OI1", "M-A", "2")])
    document = goods(("A", "OI1", "1"), ("A", "OI9", "1"), ("B", "OI1", "1"))
    assert await entries(ledger, scheme, document) == ([1, None, None], ["order_line:OI9", "order_line:OI1"])


@pytest.mark.parametrize("nothing", [None, ""])
async def test_a_line_that_names_no_order_line_matches_nothing(nothing: str | None, scheme: Scheme) -> None:
    ledger = Ledger(rows=[entry("", "M-A", "2")])
    assert await entries(ledger, scheme, goods(("A", nothing, "1"))) == ([None], [""])
    assert ledger.asked == [], "and nothing is asked"


async def test_an_item_without_mapping_matches_nothing(scheme: Scheme) -> None:
    ledger = Ledger(rows=[entry("OI1", "M-A", "2")])
    assert await entries(ledger, scheme, goods(("C", "OI1", "1"))) == ([None], ["order_line:OI1"])


async def test_many_documents_ask_once_and_each_gets_its_own_rows(scheme: Scheme) -> None:
    ledger = Ledger(rows=[entry(f"OI{n}", "M-A", "2", no=n) for n in range(1, 5)])
    link = linker(ledger, scheme, most=3)
    documents = [goods(("A", "OI1", "1"), ("A", "OI2", "1")), goods(("A", "OI2", "2")), goods(("A", "OI9", "1"))]
    answers = await asyncio.gather(*(link.find(document, TABLES) for document in documents))
    (question,) = ledger.asked
    assert question[2][0] == Match(key="FOrderLine", values=("OI1", "OI2", "OI9"))
    found = [[row["FEntryID"] for row in links.values()] for links, _ in answers]
    assert found == [[1, 2], [2], []], "one document's taking does not count for another"
    assert [missing for _, missing in answers] == [[], [], ["order_line:OI9"]]


async def test_trouble_of_the_question_is_told(scheme: Scheme) -> None:
    ledger = Ledger(trouble=Fault(FaultKind.TRANSIENT, system="galaxy", code="timeout", message=""))
    with pytest.raises(Fault) as caught:
        await linker(ledger, scheme).find(goods(("A", "OI1", "1")), TABLES)
    assert caught.value.code == "timeout"


def test_the_hold_waits_for_the_first_gap(scheme: Scheme) -> None:
    hold = not_linked(scheme.flow.links["outbound"], ["order_line:OI1", "order_line:OI2"], scheme)
    assert (hold.reason, hold.gap) == (HoldReason.OUTBOUND_NOT_POSTED, "order_line:OI1")
    assert hold.owner is OwnerRole.FINANCE, "the owner the flow names"
    assert "OI1、OI2" in hold.zh and "order_line" not in hold.zh


def test_the_hold_of_a_line_that_names_nothing_waits_for_a_person(scheme: Scheme) -> None:
    hold = not_linked(scheme.flow.links["outbound"], ["order_line:OI1", ""], scheme)
    assert hold.gap is None and "没有指明原订单明细" in hold.zh
