"""Every mistake in a flow file is told with file, line, field and what was expected there."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from flows.yamltree import FlowFileError, load
from tests.flows.bench import FLOW, Bench, line_with

KINDS = "exactly one of source, const, lookup, link, when, each, rows, fields"
GOODS = "Goods has no field 'x'; it has currency, day, is_received, items, kind, labels, lines, number, shop, status"
LINE = "Line has no field 'x'; it has made, order_line, price, qty, sku"


class Mistake(NamedTuple):
    """`right` becomes `wrong`; the complaint is about the line with `at` in it."""

    right: str
    wrong: str
    at: str
    field: str
    expected: str


PRICE = "FPrice: {source: line.price}"
NOTE = "FNote: {source: document.number}"
IN_LINE = "fields.FEntry.fields"

YAML = {
    "an open bracket": Mistake(
        "[amounts_agree]", "[amounts_agree", "owners:", "(file)", "expected YAML, expected ',' or ']', but got ':'"
    ),
    "a tab": Mistake("  FNote", "\tFNote", "FNote", "(file)", "'\\t' that cannot start any token"),
    "a second document": Mistake("flow: goods\n", "flow: goods\n---\na: b\n", "---", "(file)", "another document"),
    "a control character": Mistake("F99", "F\x0099", "F\x0099", "(file)", "special characters are not allowed"),
    "a foreign tag": Mistake(PRICE, "FPrice: {const: !!python/name:os.system x}", "!!python", "(file)", "constructor"),
    "infinity": Mistake(PRICE, "FPrice: {const: .inf}", ".inf", f"{IN_LINE}.FPrice.const", "YAML can read, got '.inf'"),
    "not a number": Mistake(PRICE, "FPrice: {const: !!int x1}", "!!int", f"{IN_LINE}.FPrice.const", "got 'x1'"),
    "not a truth": Mistake(PRICE, "FPrice: {const: !!bool x1}", "!!bool", f"{IN_LINE}.FPrice.const", "got 'x1'"),
    "an alias of itself": Mistake(PRICE, "FPrice: &a {const: *a}", "&a", f"{IN_LINE}.FPrice.const", "no alias"),
    "a key given twice": Mistake(
        PRICE, f"{PRICE}\n      FPrice: {{const: 1}}", "FPrice: {const", f"{IN_LINE}.FPrice", "each key once"
    ),
    "a key given twice in one line": Mistake(
        PRICE, "FPrice: {source: line.qty, source: line.qty}", "FPrice:", f"{IN_LINE}.FPrice.source", "each key once"
    ),
}

SHAPE = {
    "an unknown key of the flow": Mistake(
        "requirement: F99", "requirment: F99", "flow: goods", "requirement", "expected a value, it is missing"
    ),
    "one key too many": Mistake(
        "document_type: goods",
        "document_type: goods\ndeadlin: 3",
        "deadlin:",
        "deadlin",
        "expected one of flow, requirement, title, document_type, source, deadline, fate, rate, checks, owners, links, "
        "target, fields (got 3)",
    ),
    "an unknown key further in": Mistake(
        "overlap: 300}", "overlap: 300, form: a}", "source: {", "source.form", "expected one of stream, every, overlap"
    ),
    "a name with capitals": Mistake("flow: goods", "flow: Goods", "flow: Goods", "flow", "^[a-z][a-z0-9_]*$"),
    "no time between polls": Mistake("every: 60", "every: 0", "source: {", "source.every", "expected greater than 0"),
    "half a second": Mistake("every: 60", "every: 0.5", "source: {", "source.every", "expected a whole number"),
    "an unknown fate": Mistake(
        "then: reverse", "then: revers", "Cancelled", "fate.0.then", "'post', 'wait', 'skip' or 'reverse' (got 'revers"
    ),
    "an unknown key of a fate": Mistake(
        "then: reverse",
        "then: reverse, whn: a",
        "Cancelled",
        "fate.0.whn",
        "expected one of then, if, in, hold, skip, gap",
    ),
    "no fate at all": Mistake(
        FLOW[FLOW.index("fate:") : FLOW.index("rate:")], "fate: []\n", "fate:", "fate", "at least 1 item"
    ),
    "an unknown hold reason": Mistake(
        "hold: goods_not_received", "hold: no_goods", "no_goods", "fate.1.hold", "'goods_not_received'"
    ),
    "an owner of an unknown reason": Mistake(
        "stock_short: purchasing", "short: purchasing", "owners:", "owners.short", "'stock_short'"
    ),
    "an unknown owner": Mistake(
        "stock_short: purchasing", "stock_short: boss", "owners:", "owners.stock_short", "'purchasing'"
    ),
    "two rules in one": Mistake(
        PRICE, "FPrice: {source: line.price, const: 1}", "FPrice:", f"{IN_LINE}.FPrice", f"{KINDS} (got {{'source'"
    ),
    "no rule": Mistake(PRICE, "FPrice: {convert: day}", "FPrice:", f"{IN_LINE}.FPrice", f"{KINDS} (got {{'convert'"),
    "a bare value for a rule": Mistake(PRICE, "FPrice: 3", "FPrice:", f"{IN_LINE}.FPrice", f"{KINDS} (got 3)"),
    "nothing for a rule": Mistake(PRICE, "FPrice:", "FPrice:", f"{IN_LINE}.FPrice", f"{KINDS} (got None)"),
    "a list for a rule": Mistake("FNote: {source: document.number}", "FNote: [1]", "FNote:", "fields.FNote", KINDS),
    "an unknown key of a rule": Mistake(
        PRICE,
        "FPrice: {source: line.price, convrt: day}",
        "FPrice:",
        f"{IN_LINE}.FPrice.convrt",
        "expected one of source, convert (got 'day')",
    ),
    "a look-up without its value": Mistake(
        "FMaterial.FNumber: {lookup: sku, key: line.sku, value: material}\n      FQty",
        "FMaterial.FNumber: {lookup: sku, key: line.sku}\n      FQty",
        "key: line.sku}",
        f"{IN_LINE}.FMaterial.FNumber.value",
        "expected a value, it is missing",
    ),
    "two rules in a when": Mistake(
        "when: {lookup: sku,", "when: {const: 1, lookup: sku,", "when:", f"{IN_LINE}.FLot.FNumber.when", KINDS
    ),
    "an unknown key in a then": Mistake(
        "then: {source: line.sku}",
        "then: {source: line.sku, convrt: day}",
        "then: {source",
        f"{IN_LINE}.FLot.FNumber.then.convrt",
        "expected one of source, convert",
    ),
    "no rule in an else": Mistake(
        "else: {const: none}", "else: none", "else: none", f"{IN_LINE}.FLot.FNumber.else", KINDS
    ),
    "an unknown key of a when": Mistake(
        "else: {const: none}",
        "els: {const: none}",
        "els:",
        f"{IN_LINE}.FLot.FNumber.els",
        "expected one of when, is, then, else",
    ),
    "a when without its is": Mistake(
        '        is: ["true"]\n', "", "FLot.FNumber:", f"{IN_LINE}.FLot.FNumber.is", "expected a value, it is missing"
    ),
    "an is that is no list": Mistake(
        'is: ["true"]', 'is: "true"', "is: ", f"{IN_LINE}.FLot.FNumber.is", "expected a list (got 'true')"
    ),
    "a const without a value": Mistake(
        PRICE, "FPrice: {const: }", "FPrice:", f"{IN_LINE}.FPrice.const", "expected true, false, a number or a text"
    ),
    "two rules in a row": Mistake(
        "FEntry_Link_FQty: {source: line.qty}",
        "FEntry_Link_FQty: {source: line.qty, const: 1}",
        "FEntry_Link_FQty:",
        f"{IN_LINE}.FEntry_Link.rows.0.FEntry_Link_FQty",
        KINDS,
    ),
    "a const in a match": Mistake(
        "FOrderLine: {source: line.order_line}",
        "FOrderLine: {const: 1}",
        "FOrderLine:",
        "links.outbound.match.FOrderLine",
        "expected exactly one of source or lookup (got {'const': 1})",
    ),
    "both in a match": Mistake(
        "FOrderLine: {source: line.order_line}",
        "FOrderLine: {source: line.order_line, lookup: sku}",
        "FOrderLine:",
        "links.outbound.match.FOrderLine",
        "expected exactly one of source or lookup",
    ),
    "a look-up in a match without its value": Mistake(
        "      FMaterial.FNumber: {lookup: sku, key: line.sku, value: material}\n    where",
        "      FMaterial.FNumber: {lookup: sku, key: line.sku}\n    where",
        "key: line.sku}",
        "links.outbound.match.FMaterial.FNumber.value",
        "expected a value, it is missing",
    ),
    "an unknown key in a match": Mistake(
        "FOrderLine: {source: line.order_line}",
        "FOrderLine: {source: line.order_line, x: 1}",
        "FOrderLine:",
        "links.outbound.match.FOrderLine.x",
        "expected one of source, convert",
    ),
}

MEANING = {
    "an unknown stream": Mistake("shop.goods", "shop.good", "source: {", "source.stream", "expected one of shop.goods"),
    "an unknown form": Mistake("  form: GOODS", "  form: GOOD", "form: GOOD", "target.form", "expected one of GOODS"),
    "an unknown check": Mistake(
        "[amounts_agree]", "[amounts_agree, x]", "checks:", "checks.1", "expected one of amounts_agree"
    ),
    "an unknown path": Mistake("document.number}\n  F_", "document.x}\n  F_", "FNote:", "fields.FNote.source", GOODS),
    "an unknown path of a line": Mistake(
        PRICE, "FPrice: {source: line.x}", "FPrice:", f"{IN_LINE}.FPrice.source", LINE
    ),
    "an unknown path of the rate": Mistake(
        "rate.value", "rate.x", "FRate:", "fields.FSub.fields.FRate.source", "Rate has no field 'x'"
    ),
    "an unknown path of the bill": Mistake(
        "bill.number", "bill.x", "FBillNo:", "fields.FBillNo.source", "BillFacts has no field 'x'; it has number"
    ),
    "an unknown path in a then": Mistake(
        "then: {source: line.sku}",
        "then: {source: line.x}",
        "then: {source",
        f"{IN_LINE}.FLot.FNumber.then.source",
        LINE,
    ),
    "an unknown path in a when": Mistake(
        "key: line.sku, value: batch", "key: line.x, value: batch", "when:", f"{IN_LINE}.FLot.FNumber.when.key", LINE
    ),
    "an unknown path in a row": Mistake(
        "FEntry_Link_FQty: {source: line.qty}",
        "FEntry_Link_FQty: {source: line.x}",
        "FEntry_Link_FQty",
        f"{IN_LINE}.FEntry_Link.rows.0.FEntry_Link_FQty.source",
        LINE,
    ),
    "an unknown path in a match": Mistake(
        "{source: line.order_line}", "{source: line.x}", "FOrderLine:", "links.outbound.match.FOrderLine.source", LINE
    ),
    "an unknown path of a fate": Mistake("if: document.is_received", "if: document.x", "hold:", "fate.1.if", GOODS),
    "an unknown path of a gap": Mistake("{document.number}", "{document.x}", "hold:", "fate.1.gap", GOODS),
    "an unknown path of the rate rule": Mistake("day: document.day}", "day: document.x}", "rate: {", "rate.day", GOODS),
    "an unknown path of a link's quantity": Mistake(
        "quantity: line.qty", "quantity: line.x", "quantity:", "links.outbound.quantity", LINE
    ),
    "an unknown path of a link's gap": Mistake(
        'gap: "order_line:{line.order_line}"', 'gap: "order_line:{line.x}"', "{line.x}", "links.outbound.gap", LINE
    ),
    "an unknown path of what it closes": Mistake(
        'closes: "order_line:{line.order_line}"', 'closes: "order_line:{line.x}"', "{line.x}", "target.closes", LINE
    ),
    "a placeholder nobody fills": Mistake(
        "{document.number}", "{Document-No}", "hold:", "fate.1.gap", "expected placeholders like {document.number}"
    ),
    "a list that is none": Mistake(
        "each: document.lines\n    fields",
        "each: document.number\n    fields",
        "each: document.number",
        "fields.FEntry.each",
        "number is not a list of rows",
    ),
    "a link's list that is none": Mistake(
        "each: document.lines\n    match",
        "each: document.x\n    match",
        "each: document.x",
        "links.outbound.each",
        GOODS,
    ),
    "a closing list that is none": Mistake(
        "closes_each: document.lines", "closes_each: document.x", "closes_each:", "target.closes_each", GOODS
    ),
    "line. outside each": Mistake(
        NOTE, "FNote: {source: line.qty}", "FNote:", "fields.FNote.source", "no `line.` here"
    ),
    "line. in a head fate": Mistake(
        "if: document.is_received", "if: line.qty", "hold:", "fate.1.if", "no `line.` here"
    ),
    "an unknown scope": Mistake(
        NOTE,
        "FNote: {source: doc.number}",
        "FNote:",
        "fields.FNote.source",
        "expected a path starting with document, line, rate, bill, got 'doc.number'",
    ),
    "a whole document for a value": Mistake(
        NOTE, "FNote: {source: document}", "FNote:", "fields.FNote.source", "a single value, 'document' leads to more"
    ),
    "a list for a value": Mistake(
        NOTE, "FNote: {source: document.labels}", "FNote:", "fields.FNote.source", "a single value"
    ),
    "a moment that is not converted": Mistake(
        ", convert: day", "", "FDate:", "fields.FDate", "expected a convert: document.day is a time"
    ),
    "a moment of a line that is not converted": Mistake(
        PRICE, "FMade: {source: line.made}", "FMade:", f"{IN_LINE}.FMade", "expected a convert: line.made is a time"
    ),
    "an unknown conversion": Mistake(
        "convert: day", "convert: dy", "FDate:", "fields.FDate.convert", "expected one of day, is_zero, negative, text"
    ),
    "a key the head does not have": Mistake(
        NOTE, f"{NOTE}\n  FNot: {{const: 1}}", "FNot:", "fields.FNot", "a key of GOODS in the head, got 'FNot'"
    ),
    "a key the sub-head does not have": Mistake(
        "FRate:", "FRat:", "FRat:", "fields.FSub.fields.FRat", "a key of GOODS in FSub, got 'FRat'"
    ),
    "a key the entry does not have": Mistake(
        "FPrice:", "FPrize:", "FPrize:", f"{IN_LINE}.FPrize", "a key of GOODS in FEntry, got 'FPrize'"
    ),
    "an entry the form does not have": Mistake(
        "  FSub:", "  FSup:", "FSup:", "fields.FSup", "a key of GOODS in the head"
    ),
    "a key of another link": Mistake(
        "FEntry_Link_FQty:",
        "FOther_FQty:",
        "FOther_FQty:",
        f"{IN_LINE}.FEntry_Link.rows.0.FOther_FQty",
        "in FEntry_Link",
    ),
    "a key inside another one that has a rule": Mistake(
        NOTE,
        f"{NOTE}\n  FSub.FRate: {{const: 1}}",
        "FSub.FRate:",
        "fields.FSub.FRate",
        "expected a key apart from FSub",
    ),
    "a required head key without a rule": Mistake(
        "  FBillNo: {source: bill.number}\n", "", "fields:\n  FDate", "fields", "expected a rule for FBillNo"
    ),
    "a required key of a sub-head without a rule": Mistake(
        "      FCurrency.FNumber: {const: PRE001}\n", "", "FSub:", "fields.FSub", "expected a rule for FSub.FCurrency"
    ),
    "a required key of an entry without a rule": Mistake(
        "      FMaterial.FNumber: {lookup: sku, key: line.sku, value: material}\n      FQty",
        "      FQty",
        "FEntry:",
        "fields.FEntry",
        "expected a rule for FEntry.FMaterial, GOODS cannot be saved without it",
    ),
    "no reference, so no bill is known as ours": Mistake(
        f"  {NOTE}\n", "", "fields:\n  FBillNo", "fields", "a rule for FNote, a bill of GOODS is recognised by it"
    ),
    "no quantity to recognise a line by": Mistake(
        "      FQty: {source: line.qty}\n", "", "FEntry:", "fields.FEntry", "expected a rule for FEntry.FQty"
    ),
    "an unknown link": Mistake(
        "FSrcBillNo: {link: outbound",
        "FSrcBillNo: {link: out",
        "FSrcBillNo",
        f"{IN_LINE}.FSrcBillNo.link",
        "links outbound",
    ),
    "a link outside its each": Mistake(
        NOTE,
        "FNote: {link: outbound, value: FBillNo}",
        "FNote:",
        "fields.FNote.link",
        "expected a link only inside each: document.lines",
    ),
    "a link inside another each": Mistake(
        "each: document.lines\n    fields",
        "each: document.items\n    fields",
        "FSrcBillNo",
        f"{IN_LINE}.FSrcBillNo.link",
        "expected a link only inside each: document.lines",
    ),
    "each inside each": Mistake(
        PRICE,
        "FPrice: {each: document.lines, fields: {}}",
        "FPrice:",
        f"{IN_LINE}.FPrice.each",
        "expected no `each` inside another one",
    ),
    "a fate nobody reaches": Mistake(
        "  - {then: post}\n",
        "  - {then: post}\n  - {if: document.kind, in: [a], then: post}\n",
        "- {then: post}",
        "fate.3",
        "only the last case may be without",
    ),
    "a document without a fate": Mistake(
        "  - {then: post}\n", "", "refund_only", "fate.2", "the last case to have no `if`"
    ),
    "a text where true or false is compared": Mistake(
        "in: [false]", 'in: ["false"]', "is_received", "fate.1.in", "expected true or false, got 'false'"
    ),
    "a truth where texts are compared": Mistake(
        "in: [Refund]", "in: [Refund, true]", "Refund,", "fate.2.in", "expected texts, got True"
    ),
    "a truth where a mapping row is compared": Mistake(
        'is: ["true"]', "is: [true]", "is: [", f"{IN_LINE}.FLot.FNumber.is", "expected texts, got True"
    ),
    "a text where numbers are compared": Mistake(
        "when: {lookup: sku, key: line.sku, value: batch}",
        "when: {source: line.qty}",
        "is: [",
        f"{IN_LINE}.FLot.FNumber.is",
        "expected numbers, got 'true'",
    ),
    "a value an enumeration does not have": Mistake(
        "in: [Cancelled]", "in: [Canceled]", "Canceled", "fate.0.in", "expected one of Sent, Refund, Cancelled"
    ),
    "nothing to compare with": Mistake("in: [Cancelled]", "in: []", "in: []", "fate.0.in", "expected at least one"),
    "wait without a hold": Mistake("hold: goods_not_received, ", "", "then: wait", "fate.1", "expected `hold`"),
    "a hold without wait": Mistake(
        "{then: post}", "{then: post, hold: stock_short}", "then: post", "fate.3", "expected `hold`"
    ),
    "skip without a reason": Mistake(
        ", skip: refund_only", "", "then: skip", "fate.2", "expected `skip` (a skip reason)"
    ),
    "a skip reason without skip": Mistake(
        "{then: post}", "{then: post, skip: refund_only}", "then: post", "fate.3", "expected `skip` only with"
    ),
}


@pytest.mark.parametrize("mistake", [*YAML.values(), *SHAPE.values(), *MEANING.values()], ids=[*YAML, *SHAPE, *MEANING])
def test_a_mistake_is_told_exactly(mistake: Mistake, bench: Bench) -> None:
    assert FLOW.count(mistake.right) == 1, "the mistake must be made in one place"
    text = FLOW.replace(mistake.right, mistake.wrong)
    with pytest.raises(FlowFileError) as caught:
        bench.load(text)
    error = caught.value
    line = text[: text.index(mistake.at)].count("\n") + 1
    assert (error.line, error.field) == (line, mistake.field)
    assert mistake.expected in error.expected
    assert error.expected.startswith("expected ")
    assert str(error) == f"{bench.folder / 'goods.yaml'}:{error.line}: {error.field}: {error.expected}"


@pytest.mark.parametrize(("text", "got"), [("", "None"), ("- a\n", "['a']"), ("abc\n", "'abc'")])
def test_a_file_that_is_no_flow_at_all(text: str, got: str, bench: Bench) -> None:
    with pytest.raises(FlowFileError) as caught:
        bench.load(text)
    assert (caught.value.line, caught.value.field) == (1, "(file)")
    assert caught.value.expected == f"expected keys with values (got {got})"


def test_text_that_is_not_utf8(bench: Bench) -> None:
    file = bench.write(FLOW)
    file.write_bytes(FLOW.encode("gbk"))
    with pytest.raises(FlowFileError) as caught:
        load(file)
    assert (caught.value.line, caught.value.expected) == (line_with(FLOW, "title:"), "expected text in UTF-8")


def test_a_form_file_is_read_as_strictly(bench: Bench) -> None:
    bench.write("system: galaxy\nform: X\nsytem: a\n", "forms/X.yaml")
    with pytest.raises(FlowFileError) as caught:
        bench.load()
    assert (caught.value.file.name, caught.value.line, caught.value.field) == ("X.yaml", 1, "title")
