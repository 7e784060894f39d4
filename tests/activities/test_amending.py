"""Correcting a source snapshot by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from activities.amending import Uncorrectable, corrected
from domain import jsontext
from domain.documents import DocumentKey, DocumentState
from domain.journal import DocumentRecord
from tests.flows.bench import Goods

BODY = {
    "number": "SO1",
    "status": "Sent",
    "currency": "CNY",
    "shop": "店",
    "day": "2026-09-01T00:00:00Z",
    "items": [{"sku": "A", "qty": Decimal("1.50"), "price": "1"}, {"sku": "B", "qty": -1, "price": "2"}],
    "unknown": {"to": ["us"]},
}


def record(body: Any = BODY) -> DocumentRecord:
    now = datetime(2026, 9, 1, tzinfo=UTC)
    return DocumentRecord(
        key=DocumentKey(flow="goods", connection="c", number="SO1"),
        version="v1",
        body=jsontext.dumps(body),
        platform_no="P1",
        shop="店",
        warehouse="W",
        state=DocumentState.HELD,
        seen_at=now,
        changed_at=now,
        related=("O1",),
        skus=("A", "B"),
    )


def amended(**corrections: str) -> dict[str, Any]:
    tree: dict[str, Any] = jsontext.loads(corrected(record(), Goods, corrections).body)
    return tree


def test_only_what_was_corrected_changes() -> None:
    tree = amended(**{"items.1.qty": "3", "shop": "新店"})
    assert tree == {**BODY, "shop": "新店", "items": [BODY["items"][0], {"sku": "B", "qty": "3", "price": "2"}]}  # type: ignore[index]
    assert '"qty":1.50' in corrected(record(), Goods, {"shop": "新店"}).body, "digits stay as they are"


def test_a_field_the_source_left_out_may_be_filled_in() -> None:
    assert amended(**{"items.0.made": "2026-08-01T00:00:00Z"})["items"][0]["made"] == "2026-08-01T00:00:00Z"


def test_it_is_a_sighting_of_its_own_version_and_says_so() -> None:
    one, two = (corrected(record(), Goods, {"items.1.qty": qty}) for qty in ("3", "4"))
    assert one.correction and one.version.startswith("amended-") and one.version != two.version
    assert corrected(record(), Goods, {"items.1.qty": "3"}).version == one.version
    told = (one.key, one.platform_no, one.shop, one.warehouse, one.related, one.skus)
    assert told == (record().key, "P1", "店", "W", ("O1",), ("A", "B"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("item.0.qty", "expected a field of the source document, got 'item'"),
        ("items.2.qty", "expected a row number below 2, got '2'"),
        ("items.-1.qty", "expected a row number below 2, got '-1'"),
        ("items.first.qty", "expected a row number below 2, got 'first'"),
        ("items.2", "expected a row number below 2, got '2'"),
        ("number.part", "expected a path into the source document"),
        ("number.part.more", "expected a field of the source document, got 'part'"),
    ],
)
def test_a_path_that_leads_nowhere(path: str, expected: str) -> None:
    with pytest.raises(Uncorrectable) as caught:
        amended(**{path: "1"})
    assert (caught.value.field, caught.value.expected) == (path, expected)
    assert str(caught.value) == f"{path}: {expected}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("items.0.qyt", "expected one of made, order_line, price, qty, sku, got 'qyt'"),
        ("unknown.to", "got 'unknown'"),  # the source sends it, no flow reads it
        ("unknown.to.0", "got 'unknown'"),
    ],
)
def test_a_field_no_flow_reads_cannot_be_corrected(path: str, expected: str) -> None:
    with pytest.raises(Uncorrectable) as caught:
        amended(**{path: "1"})
    assert caught.value.field == path and caught.value.expected.endswith(expected)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("items.0.qty", "many", "items.0.qty"),
        ("status", "Lost", "status"),
        ("items", "none", "items"),
        ("items.0", "none", "items.0"),
        ("day", "yesterday", "day"),
    ],
)
def test_a_value_the_model_refuses(path: str, value: str, field: str) -> None:
    with pytest.raises(Uncorrectable) as caught:
        amended(**{path: value})
    assert caught.value.field == field and caught.value.expected


def test_one_bad_correction_and_none_is_made() -> None:
    with pytest.raises(Uncorrectable):
        amended(**{"shop": "新店", "items.9.qty": "1"})
