"""Push (下推): a target bill from the open rows of source bills (section 7.13)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sandbox.galaxy import texts
from sandbox.galaxy.base_data import by_number, orgs_of
from sandbox.galaxy.convert_rules import ConvertRule
from sandbox.galaxy.links import Links, open_quantity
from sandbox.galaxy.metadata import Form, Kind
from sandbox.galaxy.records import AUDITED, Link, Record, Row
from sandbox.galaxy.replies import Problem, Refusal
from sandbox.galaxy.rows import fill_rows, goods_problems
from sandbox.galaxy.saving import Saving
from sandbox.galaxy.store import Database
from sandbox.galaxy.switches import Switches
from sandbox.galaxy.transaction import Transaction


class Pushing:
    """Makes target bills; the target's quantity is what is open on the source row."""

    def __init__(self, db: Database, links: Links, saving: Saving, switches: Switches) -> None:
        self._db = db
        self._links = links
        self._saving = saving
        self._switches = switches

    def rule(self, source: str, data: dict[str, Any], *, default: bool) -> ConvertRule:
        """The rule a request names. Raises Refusal: there is none."""
        target = str(data.get("targetformid") or "")
        rule_id = str(data.get("ruleid") or "")
        if rule_id:
            rule = self._links.rule(rule_id, source=source)
        else:
            rule = self._links.default_rule(source, target) if default and target else None
        if rule is None:
            raise Refusal(texts.NO_RULE)
        return rule

    def convert(self, rule: ConvertRule, source: Record, entry_ids: frozenset[int] | None) -> Record:
        """The unsaved target bill of one source bill, of some of its rows or all.

        Raises:
            Refusal: the source is not audited or closed, or nothing of it is open.
        """
        if source.status != AUDITED or source.is_cancelled or source.values.get("fclosestatus") == "B":
            raise Refusal([Problem(f"{texts.NOTHING_TO_CONVERT}（{source.number}）")])
        rows = [row for row in source.lines if entry_ids is None or row.id in entry_ids]
        wanted = [(row, self._open(source, row, rule)) for row in rows]
        wanted = [(row, quantity) for row, quantity in wanted if quantity > 0]
        if not wanted:
            raise Refusal([Problem(f"{texts.NOTHING_TO_CONVERT}（{source.number}）")])
        target = self._head(rule, source, rows)
        name = (target.form.lines or "").casefold()
        target.entries[name] = [self._row(rule, source, target, row, quantity) for row, quantity in wanted]
        for seq, row in enumerate(target.entries[name], start=1):
            row.seq = seq
        fill_rows(target)
        return target

    def save(self, target: Record, user: Record | None, tx: Transaction, *, draft_on_failure: bool) -> None:
        """Store a converted bill in status A; as a draft where it cannot be and drafts are wanted."""
        race = self._switches.push_race
        problems = [problem for problem in goods_problems(target) if not _may_be_open(target.form, problem)]
        try:
            if problems:
                raise Refusal(problems)
            with Transaction() as inner:
                self._saving.add(target, user, inner, draft=False, unchecked_links=race)
        except Refusal:
            if not draft_on_failure:
                raise
            target.number = ""
            target.values.pop("fdocumentstatus", None)
            self._saving.add(target, user, tx, draft=True, unchecked_links=race)

    def _open(self, source: Record, row: Row, rule: ConvertRule) -> Decimal:
        if self._switches.push_race:
            return row.values.get(source.form.quantity) or Decimal(0)
        return open_quantity(source, row, rule.target)

    def _head(self, rule: ConvertRule, source: Record, rows: Iterable[Row]) -> Record:
        form = self._db.store(rule.target).form
        target = Record(form, self._db.next_id(), "")
        target.values["fdate"] = self._db.today()
        for to, origin in rule.head.items():
            target.values[to] = _value(source.form, source.values, origin)
        for to, origin in rule.line.items():
            # Some head values come from the first row: an order names its stock organisation per row.
            if to.startswith("@"):
                target.values[to[1:]] = next((row.values[origin] for row in rows if row.values.get(origin)), None)
        if "fstockorgid" in form.fields and target.values.get("fstockorgid") is None:
            target.values["fstockorgid"] = target.values.get("fsaleorgid")
        self._defaults(target, target.values, form, rule.head_defaults, rows=False)
        return target

    def _row(self, rule: ConvertRule, source: Record, target: Record, origin_row: Row, quantity: Decimal) -> Row:
        row = Row(self._db.next_id(), 0)
        special = {"@open": quantity, "@number": source.number, "@entry": str(origin_row.id)}
        for to, origin in rule.line.items():
            if not to.startswith("@"):
                row.values[to] = special.get(origin) or _value(source.form, origin_row.values, origin)
        row.values[rule.quantity] = quantity
        row.links = [Link(rule.id, rule.source, int(source.id), origin_row.id, quantity)]
        row.children[f"{target.form.lines}_Link".casefold()] = [
            self._link_row(rule, source, target, origin_row, quantity)
        ]
        self._defaults(target, row.values, target.form, rule.line_defaults, rows=True)
        for type_name, name in (("fownertypeid", "fownerid"), ("fkeepertypeid", "fkeeperid")):
            if name in target.form.fields and row.values.get(name) is None:
                row.values.pop(type_name, None)
                row.values[name] = target.values.get("fstockorgid")
        return row

    def _link_row(self, rule: ConvertRule, source: Record, target: Record, row: Row, quantity: Decimal) -> Row:
        prefix = f"{target.form.lines}_link_".casefold()
        link = Row(self._db.next_id(), 1)
        link.values = {
            f"{prefix}fruleid": rule.id,
            f"{prefix}fstablename": rule.table,
            f"{prefix}fsbillid": str(source.id),
            f"{prefix}fsid": str(row.id),
            f"{prefix}fbaseunitqty": quantity,
        }
        return link

    def _defaults(
        self, target: Record, values: dict[str, Any], form: Form, extra: dict[str, Any], *, rows: bool
    ) -> None:
        """Base data that is set by default, on the head (with sub-heads) or on a row, then the rule's own."""
        orgs = orgs_of(self._db, target)
        defaults = {
            field.name: field.default
            for entity in form.entities
            if (entity.key == form.lines if rows else not entity.is_rows)
            for field in entity.fields
            if field.kind is Kind.BASE and field.ref and field.default is not None
        }
        for name, default in {**defaults, **extra}.items():
            if values.get(name) is None:
                field = form.fields[name][1]
                is_reference = field.kind is Kind.BASE and field.ref is not None
                values[name] = by_number(self._db.store(field.ref or ""), default, orgs) if is_reference else default


def _value(form: Form, values: dict[str, Any], name: str) -> Any:
    value = values.get(name)
    if value is None and name in form.fields and form.fields[name][1].kind is not Kind.BASE:
        return form.fields[name][1].default
    return value


def _may_be_open(form: Form, problem: Problem) -> bool:
    """Warehouse and lot are often filled in after a push; submit asks for them."""
    keys = {form.fields[name][1].key for movement in form.movements for name in (movement.stock, movement.lot)}
    return problem.field in keys
