"""Flow files as a catalogue: what loads, what is derived once, and names that must not meet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.jushuitan.streams import MODELS as JUSHUITAN
from domain.documents import HoldReason, OwnerRole, SkipReason
from domain.erp import BillForm, Match
from domain.mapping import Const, Each, Lookup, Source
from flows.catalogue import Catalogue, load_catalogue, load_forms
from flows.flow import Then
from flows.yamltree import FlowFileError, line_of, load
from tests.flows.bench import FLOW, FORM, MODELS, Bench, line_with


def test_the_shipped_flows_load() -> None:
    catalogue = load_catalogue(JUSHUITAN)
    assert {scheme.flow.flow for scheme in catalogue} >= {"sales_outbound", "sales_return"}
    assert len(catalogue) == len(list(catalogue))
    for scheme in catalogue:
        assert scheme.flow.flow == scheme.file.stem, "a flow is found by its file's name"
        form = scheme.form
        known = {key for keys in (*form.head.values(), *form.entries.values()) for key in keys} | set(form.entries)
        named = (form.entry, form.reference, *(k.partition(".")[0] for k in (form.material, form.quantity, form.price)))
        assert set(named) <= known, "the keys a bill is read back by"
        for dotted in form.required:
            group, _, leaf = dotted.rpartition(".")
            assert leaf in form.entries.get(group, form.head.get(group, ()))


def test_a_return_waits_for_the_very_gap_its_outbound_closes() -> None:
    catalogue = load_catalogue(JUSHUITAN)
    assert catalogue["sales_outbound"].flow.target.closes == catalogue["sales_return"].flow.links["outbound"].gap


def test_what_a_file_says(bench: Bench) -> None:
    flow = bench.load().flow
    assert [case.then for case in flow.fate] == [Then.REVERSE, Then.WAIT, Then.SKIP, Then.POST]
    assert (flow.fate[1].hold, flow.fate[2].skip) == (HoldReason.GOODS_NOT_RECEIVED, SkipReason.REFUND_ONLY)
    assert flow.fate[1].values == (False,)
    assert flow.owners == {HoldReason.STOCK_SHORT: OwnerRole.PURCHASING}
    assert list(flow.fields) == ["FBillNo", "FDate", "FNote", "F_ABCD_Text", "FSub", "FEntry"], "in the target's order"
    entry = flow.fields["FEntry"]
    assert isinstance(entry, Each) and entry.fields["FQty"] == Source(source="line.qty")
    assert bench.load().form.readback() == BillForm(
        id="GOODS", entry="FEntry", material="FMaterial.FNumber", quantity="FQty", amount="FAmount", head=("FNote",)
    )


def test_lookups_and_link_fields_are_gathered_once(bench: Bench) -> None:
    scheme = bench.load()
    material = Lookup(lookup="sku", key="line.sku", value="material")
    batch = Lookup(lookup="sku", key="line.sku", value="batch")
    assert scheme.lookups == ((material, "document.lines"), (batch, "document.lines"), (material, "document.lines"))
    assert scheme.link_fields == {"outbound": ("FBillNo", "FEntryID")}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12.50", Decimal("12.50")),
        ("7", 7),
        ("true", True),
        ('"100"', "100"),
        ("0100.5", Decimal("100.5")),
        ("2026-09-01", "2026-09-01"),
        ("2026-09-01 12:00:00", "2026-09-01 12:00:00"),
        ("PRE001", "PRE001"),
    ],
)
def test_constants_are_what_was_written(written: str, read: object, bench: Bench) -> None:
    fields = bench.load(FLOW.replace("{source: document.number}", f"{{const: {written}}}")).flow.fields
    note = fields["FNote"]
    assert isinstance(note, Const)
    assert (note.const, type(note.const)) == (read, type(read))


@pytest.mark.parametrize(
    ("right", "more"),
    [
        ("  FNote: {source", "  F_PSEH_TEXT.FNumber: {source: document.number}\n  FNote: {source"),
        ("      FPrice: {", "      F_PSEH_Base: {const: 1}\n      FPrice: {"),
        ("      FRate: {", "      F_PSEH_Qty: {const: 1}\n      FRate: {"),
        (
            "  FNote: {source",
            "  F_PSEH_Entity: {each: document.lines, fields: {F_A_B: {source: line.qty}}}\n  FNote: {source",
        ),
    ],
    ids=["head", "entry", "sub-head", "an entry of its own"],
)
def test_custom_fields_of_a_tenant_are_allowed_everywhere(right: str, more: str, bench: Bench) -> None:
    assert bench.load(FLOW.replace(right, more, 1))


def test_a_moment_may_be_written_once_it_is_converted(bench: Bench) -> None:
    assert bench.load(FLOW.replace("FPrice: {source: line.price}", "FMade: {source: line.made, convert: day}"))


def test_two_flows_of_one_name(bench: Bench) -> None:
    bench.load()
    other = bench.write("# a comment first\n" + FLOW, "other.yaml")
    with pytest.raises(FlowFileError) as caught:
        load_catalogue(MODELS, bench.folder, load_forms(bench.folder / "forms"))
    assert (caught.value.file, caught.value.line, caught.value.field) == (other, 2, "flow")
    assert caught.value.expected == f"expected a name of its own, 'goods' is taken by {bench.folder / 'goods.yaml'}"


def test_two_forms_of_one_id(bench: Bench) -> None:
    first, second = bench.write(FORM, "forms/A.yaml"), bench.write(FORM, "forms/B.yaml")
    with pytest.raises(FlowFileError) as caught:
        load_forms(bench.folder / "forms")
    assert (caught.value.file, caught.value.line, caught.value.field) == (second, 2, "form")
    assert str(first) in caught.value.expected


def test_a_catalogue_of_a_folder(bench: Bench) -> None:
    bench.load()
    bench.write(FLOW.replace("flow: goods", "flow: more_goods"), "more.yaml")
    bench.write("not: a flow", "notes.txt")
    catalogue = load_catalogue(MODELS, bench.folder, load_forms(bench.folder / "forms"))
    assert [scheme.flow.flow for scheme in catalogue] == ["goods", "more_goods"]
    assert catalogue["more_goods"].file.name == "more.yaml"
    with pytest.raises(KeyError, match="no flow 'gods'; there are goods, more_goods"):
        catalogue["gods"]


def test_every_value_knows_its_line(bench: Bench) -> None:
    _, lines = load(bench.write(FLOW))
    assert lines[("fields", "FEntry", "fields", "FPrice")] == line_with(FLOW, "FPrice:")
    assert lines[("fate", 1)] == lines[("fate", 1, "hold")] == line_with(FLOW, "hold: goods")
    assert line_of(lines, ("fields", "FEntry", "fields", "FPrice", "source", "x")) == line_with(FLOW, "FPrice:")
    assert line_of(lines, ("nothing",)) == line_of({}, ()) == 1


# ── the same flow into another ERP ──────────────────────────────────────────────────────────────────────────────────

OTHER_FORM = (
    FORM.replace("system: galaxy", "system: flagship").replace("form: GOODS", "form: bill") + "at_once: false\n"
)
VARIANT = """\
flow: goods
target: {form: bill, submit_and_audit: false}
fields:
  FBillNo: {source: bill.number}
  FNote: {source: document.number}
  FSub:
    fields:
      FCurrency: {source: document.currency}
  FEntry:
    each: document.lines
    fields:
      FMaterial: {source: line.sku}
      FQty: {source: line.qty, convert: negative}
      FPrice: {source: line.price}
"""


def with_variant(bench: Bench, text: str = VARIANT, name: str = "variants/flagship/goods.yaml") -> Catalogue:
    bench.load()
    bench.write(OTHER_FORM, "forms/BILL.yaml")
    bench.write(text, name)
    return load_catalogue(MODELS, bench.folder, load_forms(bench.folder / "forms"))


def test_every_shipped_flow_goes_into_both_systems() -> None:
    catalogue = load_catalogue(JUSHUITAN)
    for scheme in catalogue:
        other = catalogue.of(scheme.flow.flow, "flagship")
        assert catalogue.of(scheme.flow.flow, "galaxy") is scheme
        assert (other.form.system, other.flow.target.submit_and_audit) == ("flagship", False)
        # A document that waits for a gap waits for the same one, whichever ERP its bill goes to.
        assert other.flow.target.closes == scheme.flow.target.closes
        assert {name: link.gap for name, link in other.flow.links.items()} == {
            name: link.gap for name, link in scheme.flow.links.items()
        }


def test_a_variant_has_everything_but_its_target_from_its_flow(bench: Bench) -> None:
    catalogue = with_variant(bench)
    own, other = catalogue["goods"], catalogue.of("goods", "flagship")
    assert [scheme.flow.flow for scheme in catalogue] == ["goods"]
    assert list(catalogue.variants) == [other]
    assert (other.flow.fate, other.flow.rate, other.flow.owners) == (own.flow.fate, own.flow.rate, own.flow.owners)
    assert (other.form.form, other.flow.links, other.link_fields) == ("bill", {}, {})
    with pytest.raises(KeyError, match="'goods' has no target for sap"):
        catalogue.of("goods", "sap")


@pytest.mark.parametrize(
    ("old", "new", "field", "told"),
    [
        ("flow: goods", "flow: gods", "flow", "expected one of goods"),
        ("form: bill", "form: bills", "target.form", "expected one of GOODS, bill"),
        (", submit_and_audit: false", "", "target.submit_and_audit", "expected false: bill is posted in three calls"),
        ("line.qty", "line.quantity", "fields.FEntry.fields.FQty.source", "has no field 'quantity'"),
        ("flow: goods", "flow: goods\nchecks: []", "checks", "expected one of flow, target, links, fields"),
    ],
)
def test_what_is_wrong_with_a_variant(bench: Bench, old: str, new: str, field: str, told: str) -> None:
    with pytest.raises(FlowFileError) as caught:
        with_variant(bench, VARIANT.replace(old, new, 1))
    assert (caught.value.file.name, caught.value.field) == ("goods.yaml", field)
    assert "variants" in str(caught.value.file)
    assert told in caught.value.expected


def test_one_variant_for_each_system(bench: Bench) -> None:
    with_variant(bench)
    with pytest.raises(FlowFileError, match="is taken by"):
        with_variant(bench, name="variants/flagship/more.yaml")


def test_documents_of_two_streams_share_no_bill_number(bench: Bench) -> None:
    """An order and a refund may have the same number at the source."""
    models = MODELS | {"shop.more": MODELS["shop.goods"]}
    bench.load()
    other = FLOW.replace("flow: goods", "flow: more").replace("shop.goods", "shop.more")
    bench.write(other, "more.yaml")
    with pytest.raises(FlowFileError, match="a suffix of its own") as caught:
        load_catalogue(models, bench.folder, load_forms(bench.folder / "forms"))
    assert (caught.value.file.name, caught.value.field) == ("more.yaml", "target.number_suffix")
    bench.write(other.replace("form: GOODS", "form: GOODS\n  number_suffix: R"), "more.yaml")
    assert len(load_catalogue(models, bench.folder, load_forms(bench.folder / "forms"))) == 2


def test_what_a_flow_fixes_tells_its_bills_from_others() -> None:
    catalogue = load_catalogue(JUSHUITAN)
    for flow, kind in (("sales_outbound", "210"), ("sales_return", "2101")):
        form = catalogue.of(flow, "flagship").readback
        assert form.only == (Match(key="biztype_number", values=(kind,)),)
        assert {match.key for match in form.only} <= set(form.head)
        assert catalogue[flow].readback.only == ()
