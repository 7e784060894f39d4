"""What of a document reaches the books is read off the field tables as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.jushuitan.streams import MODELS
from domain.mapping import Each, Group, Lookup
from flows.booked import booked
from flows.catalogue import load_catalogue
from tests.flows.bench import FLOW, Bench

CATALOGUE = load_catalogue(MODELS)


@pytest.mark.parametrize("flow", [scheme.flow.flow for scheme in CATALOGUE])
def test_every_flow_that_is_shipped(flow: str) -> None:
    """Each names its shop, warehouse and SKU in the source's words, and fills every key a bill is compared by."""
    form, table = CATALOGUE[flow].form, booked(CATALOGUE[flow])
    assert (table.shop, table.warehouse, table.sku) == ("document.shop_name", "document.place", "line.sku_id")
    assert table.each == "document.lines"
    assert isinstance(table.partner, Lookup)
    assert (table.partner.lookup, table.partner.value) == ("shop", "customer")
    assert table.stock == Lookup(lookup="warehouse", key="document.place", value="stock")
    lines = table.fields[form.entry]
    assert isinstance(lines, Each)
    assert set(lines.fields) == {form.material, form.quantity, form.price, form.stock}
    groups = [rule.fields for rule in table.fields.values() if isinstance(rule, Group)]
    heads = {key for fields in (table.fields, *groups) for key in fields}
    assert heads >= {form.reference, form.date, form.partner, *form.compared}
    assert {rule.lookup for rule, _ in table.lookups} == {"shop", "sku", "warehouse", "currency"}
    assert form.date in form.readback().head


def test_nothing_but_what_is_compared(tmp_path: Path) -> None:
    """No rate, no links, no notes: what these need is not asked for."""
    scheme = Bench(tmp_path).load()
    table = booked(scheme)
    assert set(table.fields) == {"FNote", "FEntry"}
    assert (table.shop, table.partner, table.warehouse, table.stock) == (None, None, None, None)
    assert (table.each, table.sku) == ("document.lines", "line.sku")
    lines = table.fields["FEntry"]
    assert isinstance(lines, Each)
    assert set(lines.fields) == {"FMaterial.FNumber", "FQty", "FPrice"}


def test_a_constant_has_no_word_of_its_own(tmp_path: Path) -> None:
    rule = "FMaterial.FNumber: {lookup: sku, key: line.sku, value: material}"
    links, _, fields = FLOW.rpartition(rule)
    scheme = Bench(tmp_path).load(f"{links}FMaterial.FNumber: {{const: M1}}{fields}")
    assert booked(scheme).sku is None
