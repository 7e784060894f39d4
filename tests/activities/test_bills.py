"""What a mapped bill comes down to in the books."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.bills import bill_number, lines_of, reference_of, wanted
from domain import jsontext
from domain.convergence import Line
from domain.documents import DocumentKey, DocumentState
from domain.journal import DocumentRecord
from flows.catalogue import Scheme
from tests.flows.bench import Bench

KEY = DocumentKey(flow="goods", connection="shop", number="SO1")
MODEL: dict[str, Any] = {
    "FNote": "SO1",
    "FEntry": [
        {"FMaterial": {"FNumber": "M1"}, "FQty": Decimal("3"), "FPrice": Decimal("3.335")},
        {"FMaterial": {"FNumber": "M2"}, "FQty": 2, "FPrice": "0.10"},
        {"FMaterial": {"FNumber": "M3"}, "FQty": Decimal("1")},
    ],
}


@pytest.fixture
def scheme(tmp_path: Path) -> Scheme:
    return Bench(tmp_path).load()


def record(**more: Any) -> DocumentRecord:
    now = datetime(2026, 9, 1, tzinfo=UTC)
    told = {
        "key": KEY, "version": "v1", "body": "{}", "platform_no": "", "shop": "", "warehouse": "",
        "state": DocumentState.RUNNING, "seen_at": now, "changed_at": now, "bill_number": "XSO1",
        "model": jsontext.dumps(MODEL),
    }  # fmt: skip
    return DocumentRecord.model_validate({**told, **more})


def test_lines_with_amounts_rounded_half_up_to_the_cent(scheme: Scheme) -> None:
    assert lines_of(scheme.form, MODEL) == (
        Line("M1", Decimal(3), Decimal("10.01")),
        Line("M2", Decimal(2), Decimal("0.20")),
        Line("M3", Decimal(1), Decimal(0)),
    )


def test_the_warehouse_of_a_line_where_the_form_has_one(scheme: Scheme) -> None:
    form = scheme.form.model_copy(update={"stock": "FStock.FNumber"})
    kept = {"FMaterial": {"FNumber": "M1"}, "FQty": 1, "FStock": {"FNumber": "CK1"}}
    service = {"FMaterial": {"FNumber": "M2"}, "FQty": 1}
    model = {"FEntry": [kept, service]}
    assert [line.stock for line in lines_of(form, model)] == ["CK1", ""]
    assert [line.stock for line in lines_of(scheme.form, model)] == ["", ""]


@pytest.mark.parametrize(
    ("reference", "model", "found"),
    [
        ("FNote", {"FNote": "SO1", "FSub": {"FNote": "x"}}, "SO1"),
        ("FCurrency", {"FSub": {"FCurrency": "SO2"}}, "SO2"),
        ("FNote", {}, ""),
        ("FNote", {"FNote": 17}, "17"),
        ("FCurrency", {"FSub": None}, ""),
        ("FUnknown", {"FUnknown": "SO1"}, ""),
    ],
)
def test_the_reference_in_head_or_sub_head(reference: str, model: dict[str, Any], found: str, scheme: Scheme) -> None:
    assert reference_of(scheme.form.model_copy(update={"reference": reference}), model) == found


def test_wanted(scheme: Scheme) -> None:
    model = jsontext.dumps(MODEL)
    found = wanted(scheme, "XSO1", model, ours=False)
    assert (found.bill.number, found.bill.model) == ("XSO1", jsontext.loads(model))
    assert (found.reference, found.lines) == ("SO1", lines_of(scheme.form, MODEL))
    assert not found.ours
    assert wanted(scheme, "XSO1", model, ours=True).ours


def test_bill_number() -> None:
    assert bill_number("JST", KEY) == "JSTSO1"
