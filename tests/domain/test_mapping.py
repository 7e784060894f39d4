"""The mapping engine: each kind of rule, what absence does, and that every gap is told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.mapping import (
    Const,
    Each,
    Group,
    Link,
    Links,
    Lookup,
    Mapped,
    Missing,
    Rows,
    Rule,
    Source,
    Tables,
    Trace,
    When,
    apply,
    keys_needed,
    rules_in,
    split_path,
)

FIELDS: TypeAdapter[dict[str, Rule]] = TypeAdapter(dict[str, Rule])


class Item(BaseModel):
    sku: str
    qty: Decimal
    gift: bool = False
    batch: str | None = None


class Order(BaseModel):
    number: str
    shop: str | None = "S1"
    day: datetime | None = None
    note: str | None = None
    items: tuple[Item, ...] = ()


class Facts(BaseModel):
    value: Decimal = Decimal("7.1234567890")
    number: str = "XS1"


ORDER = Order(
    number="SO1",
    day=datetime(2026, 9, 1, 17, tzinfo=UTC),
    items=(Item(sku="A", qty=Decimal("2.50"), batch="L1"), Item(sku="B", qty=Decimal(1), gift=True)),
)
TABLES: Tables = {
    ("sku", "A"): {"material": "M-A", "unit": "Pcs"},
    ("sku", "B"): {"material": "M-B", "unit": "Box"},
    ("shop", "S1"): {"customer": "C1"},
}
LINKS: Links = {("sold", 0): {"FID": 100001}, ("sold", 1): {"FID": 100002}}


def mapped(
    fields: dict[str, Any], order: Order = ORDER, *, tables: Tables = TABLES, links: Links = LINKS, traced: bool = False
) -> Mapped:
    rules = FIELDS.validate_python(fields)
    return apply(rules, order, rate=Facts(), bill=Facts(), tables=tables, links=links, traced=traced)


def tree(fields: dict[str, Any], order: Order = ORDER) -> dict[str, Any]:
    found = mapped(fields, order)
    assert found.missing == () and found.traces == ()
    return found.model


LINE = "document.items"
MATERIAL = {"lookup": "sku", "key": "line.sku", "value": "material"}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"source": "document.number"}, "SO1"),
        ({"source": "bill.number"}, "XS1"),
        ({"source": "rate.value"}, Decimal("7.1234567890")),
        ({"source": "document.day", "convert": "day"}, "2026-09-02"),
        ({"const": "PRE001"}, "PRE001"),
        ({"const": False}, False),
        ({"const": 0}, 0),
        ({"const": ""}, ""),
        ({"const": Decimal("0.10")}, Decimal("0.10")),
        ({"lookup": "shop", "key": "document.shop", "value": "customer"}, "C1"),
        ({"when": {"source": "document.number"}, "is": ["SO1"], "then": {"const": 1}}, 1),
        ({"when": {"source": "document.number"}, "is": ["X", "SO1"], "then": {"const": 1}, "else": {"const": 2}}, 1),
        ({"when": {"source": "document.number"}, "is": ["X"], "then": {"const": 1}, "else": {"const": 2}}, 2),
        (
            {
                "when": {"source": "document.number"},
                "is": ["X"],
                "then": {"const": 1},
                "else": {"when": {"source": "document.shop"}, "is": ["S1"], "then": {"const": 3}},
            },
            3,
        ),
        ({"rows": [{"A": {"const": 1}}, {"A": {"const": 2}}]}, [{"A": 1}, {"A": 2}]),
        ({"rows": []}, []),
        ({"fields": {"A": {"const": 1}, "B.FNumber": {"const": 2}}}, {"A": 1, "B": {"FNumber": 2}}),
        ({"each": LINE, "fields": {"Q": {"source": "line.qty"}}}, [{"Q": Decimal("2.50")}, {"Q": Decimal(1)}]),
        ({"each": LINE, "fields": {"M.FNumber": MATERIAL}}, [{"M": {"FNumber": "M-A"}}, {"M": {"FNumber": "M-B"}}]),
        ({"each": LINE, "fields": {"D": {"link": "sold", "value": "FID"}}}, [{"D": 100001}, {"D": 100002}]),
        ({"each": LINE, "fields": {"N": {"source": "document.number"}}}, [{"N": "SO1"}, {"N": "SO1"}]),
    ],
)
def test_each_kind_of_rule(rule: dict[str, Any], value: Any) -> None:
    found = tree({"F": rule})["F"]
    assert (found, type(found)) == (value, type(value))


def test_digits_stay_as_they_are() -> None:
    (first, _) = tree({"F": {"each": LINE, "fields": {"Q": {"source": "line.qty"}}}})["F"]
    assert str(first["Q"]) == "2.50"


def test_dotted_keys_meet_in_one_object_in_order() -> None:
    model = tree({"A.X": {"const": 1}, "B": {"const": 2}, "A.Y.Z": {"const": 3}})
    assert list(model.items()) == [("A", {"X": 1, "Y": {"Z": 3}}), ("B", 2)]


@pytest.mark.parametrize(
    "rule",
    [
        {"source": "document.note"},
        {"source": "document.note", "convert": "day"},
        {"when": {"source": "document.number"}, "is": ["X"], "then": {"const": 1}},
        {"when": {"source": "document.note"}, "is": [""], "then": {"const": 1}},
        {"when": {"source": "document.number"}, "is": ["SO1"], "then": {"source": "document.note"}},
        {"when": {"source": "document.number"}, "is": ["X"], "then": {"const": 1}, "else": {"source": "document.note"}},
    ],
)
def test_an_absent_value_leaves_its_key_out(rule: dict[str, Any]) -> None:
    assert tree({"F": rule, "G.H": rule, "I": {"const": 1}}) == {"I": 1}


def test_only_the_lines_that_have_it_get_it() -> None:
    rows = tree({"F": {"each": LINE, "fields": {"L.FNumber": {"source": "line.batch"}}}})["F"]
    assert rows == [{"L": {"FNumber": "L1"}}, {}]


def test_no_lines_no_rows() -> None:
    assert tree({"F": {"each": LINE, "fields": {"Q": {"source": "line.qty"}}}}, Order(number="SO2")) == {"F": []}


def test_the_rate_may_be_absent() -> None:
    rules = FIELDS.validate_python({"A": {"source": "rate.value"}, "B": {"const": 1}})
    assert apply(rules, ORDER, rate=None, bill=Facts(), tables={}, links={}) == Mapped({"B": 1}, (), ())


def test_every_gap_is_told_with_its_place() -> None:
    fields = {
        "Shop.FNumber": {"lookup": "shop", "key": "document.shop", "value": "organisation"},
        "Day": {"source": "document.number", "convert": "day"},
        "F": {
            "each": LINE,
            "fields": {
                "M": MATERIAL,
                "Link": {"rows": [{"Id": {"link": "sold", "value": "FID"}, "No": {"link": "sold", "value": "FNo"}}]},
            },
        },
    }
    tables: Tables = {("sku", "A"): {"unit": "Pcs"}, ("shop", "S1"): {}}
    found = mapped(fields, tables=tables, links={("sold", 1): {"FID": 7, "FNo": "N"}, ("other", 0): {"FID": 8}})
    assert found.missing == (
        Missing(kind="mapping", target="Shop.FNumber", name="shop", key="S1", message="organisation"),
        Missing(kind="value", target="Day", name="document.number", key="SO1", message="expected a date, got 'SO1'"),
        Missing(kind="mapping", target="F[0].M", name="sku", key="A", message="material"),
        Missing(kind="link", target="F[0].Link[0].Id", name="sold", key="0", message="FID"),
        Missing(kind="link", target="F[0].Link[0].No", name="sold", key="0", message="FNo"),
        Missing(kind="mapping", target="F[1].M", name="sku", key="B", message="material"),
    )
    assert found.model == {"F": [{"Link": [{}]}, {"Link": [{"Id": 7, "No": "N"}]}]}


def test_a_look_up_by_nothing_is_a_wrong_document_not_a_gap_nobody_can_close() -> None:
    found = mapped({"F": {"lookup": "shop", "key": "document.shop", "value": "customer"}}, Order(number="1", shop=None))
    assert found.missing == (Missing(kind="value", target="F", name="document.shop", key="nothing", message="a value"),)


def test_a_gap_in_a_condition_is_told_and_the_branch_not_taken_is_not() -> None:
    lookup = {"lookup": "sku", "key": "document.number", "value": "service"}
    rule = {"when": lookup, "is": ["true"], "then": {"const": 1}, "else": {"const": 2}}
    assert [m.target for m in mapped({"F": rule}).missing] == ["F (when)"]
    rule = {"when": {"source": "document.number"}, "is": ["X"], "then": lookup, "else": {"const": 2}}
    assert mapped({"F": rule}).missing == ()


def test_in_the_head_there_is_no_line_and_links_are_those_of_the_first_row() -> None:
    fields = {"L": {"link": "sold", "value": "FID"}, "S": {"source": "line.qty"}, "T": {"const": 1}}
    assert mapped(fields).model == {"L": 100001, "T": 1}


def test_a_gap_in_a_sub_head_is_told_with_its_place() -> None:
    fields = {"G": {"fields": {"A.FNumber": {"lookup": "shop", "key": "document.shop", "value": "tax"}}}}
    assert [m.target for m in mapped(fields).missing] == ["G.A.FNumber"]


def test_after_each_there_is_no_line_and_links_are_those_of_the_head_again() -> None:
    fields = {
        "F": {"each": LINE, "fields": {"Q": {"source": "line.qty"}}},
        "L": {"link": "sold", "value": "FID"},
        "S": {"source": "line.qty"},
    }
    model = mapped(fields).model
    assert model["L"] == 100001 and "S" not in model


def test_the_dry_run_shows_every_rule_at_work() -> None:
    fields = {
        "A": {"source": "document.day", "convert": "day"},
        "B": {"source": "document.note"},
        "C": {"const": True},
        "F": {
            "each": LINE,
            "fields": {
                "M": MATERIAL,
                "D": {"link": "sold", "value": "FNo"},
                "W": {"when": {"source": "line.gift"}, "is": [True], "then": {"const": "gift"}},
            },
        },
    }
    order = Order(number="SO1", day=ORDER.day, items=ORDER.items[:1])
    found = mapped(fields, order, traced=True)
    shown = [(t.target, t.rule, t.source, t.result) for t in found.traces]
    assert shown == [
        ("A", "document.day → day", "2026-09-01 17:00:00+00:00", "2026-09-02"),
        ("B", "document.note", "", ""),
        ("C", "const", "", "True"),
        ("F[0].M", "lookup sku[line.sku].material", "A", "M-A"),
        ("F[0].D", "link sold.FNo", "line 1", ""),
        ("F[0].W (when)", "line.gift", "False", "False"),
    ]
    assert isinstance(found.traces[0], Trace)


NESTED = {
    "A": {"source": "document.number"},
    "F": {
        "each": LINE,
        "fields": {
            "W": {"when": MATERIAL, "is": ["x"], "then": {"const": 1}, "else": {"source": "line.sku"}},
            "G": {"fields": {"H": {"link": "sold", "value": "FID"}}},
            "R": {"rows": [{"X": {"source": "line.qty"}}]},
        },
    },
}


def test_rules_in_walks_everywhere_and_knows_whose_line_it_is() -> None:
    walked = [(type(rule), each) for rule, each in rules_in(FIELDS.validate_python(NESTED))]
    assert walked == [
        (Source, None),
        (Each, None),
        (When, LINE),
        (Lookup, LINE),
        (Const, LINE),
        (Source, LINE),
        (Group, LINE),
        (Link, LINE),
        (Rows, LINE),
        (Source, LINE),
    ]


def test_rules_in_a_when_without_else() -> None:
    rules = FIELDS.validate_python({"W": {"when": {"const": 1}, "is": [1], "then": {"source": "document.number"}}})
    assert [type(rule) for rule, _ in rules_in(rules)] == [When, Const, Source]


def test_keys_needed_for_all_look_ups_at_once() -> None:
    lookups = [
        (Lookup(lookup="sku", key="line.sku", value="material"), LINE),
        (Lookup(lookup="sku", key="line.sku", value="unit"), LINE),
        (Lookup(lookup="shop", key="document.shop", value="customer"), None),
        (Lookup(lookup="shop", key="document.number", value="customer"), LINE),
        (Lookup(lookup="batch", key="line.batch", value="lot"), LINE),
    ]
    assert keys_needed(lookups, ORDER) == {"sku": {"A", "B"}, "shop": {"S1", "SO1"}, "batch": {"L1", ""}}
    assert keys_needed(lookups, Order(number="SO2")) == {"sku": set(), "shop": {"S1", "SO2"}, "batch": set()}


def test_what_is_needed_is_what_is_asked() -> None:
    """The keys read beforehand cover every look-up the engine makes."""
    rules = FIELDS.validate_python({"S": {"lookup": "shop", "key": "document.shop", "value": "customer"}, **NESTED})
    lookups = [(rule, each) for rule, each in rules_in(rules) if isinstance(rule, Lookup)]
    needed = keys_needed(lookups, ORDER)
    asked = {(m.name, m.key) for m in apply(rules, ORDER, rate=None, bill=Facts(), tables={}, links={}).missing}
    assert {(name, key) for name, key in asked if name != "sold"} == {
        (n, k) for n, keys in needed.items() for k in keys
    }


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"source": "a"}, Source),
        ({"const": 1}, Const),
        ({"lookup": "a", "key": "b", "value": "c"}, Lookup),
        ({"link": "a", "value": "b"}, Link),
        ({"when": {"const": 1}, "is": [1], "then": {"const": 1}}, When),
        ({"each": "a", "fields": {}}, Each),
        ({"fields": {}}, Group),
        ({"rows": []}, Rows),
    ],
)
def test_a_rule_is_known_by_its_key(rule: dict[str, Any], kind: type) -> None:
    found = FIELDS.validate_python({"F": rule})["F"]
    assert type(found) is kind
    assert FIELDS.validate_python({"F": found})["F"] == found, "and by its type"
    assert FIELDS.validate_python(FIELDS.dump_python({"F": found}, by_alias=True, exclude_none=True))["F"] == found


@pytest.mark.parametrize(
    "rule", [{}, {"convert": "day"}, {"source": "a", "const": 1}, {"each": "a", "const": 1, "fields": {}}, {"key": "a"}]
)
def test_exactly_one_rule_a_field(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="expected exactly one of source, const, lookup, link, when, each, rows"):
        FIELDS.validate_python({"F": rule})


def test_split_path() -> None:
    assert split_path("document.items.qty") == ("document", "items", "qty")
