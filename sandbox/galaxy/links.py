"""Links between rows: a return knows the outbound row it returns, and the outbound row how much came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sandbox.galaxy import texts
from sandbox.galaxy.convert_rules import ConvertRule
from sandbox.galaxy.metadata import Form
from sandbox.galaxy.records import AUDITED, Link, Record, Row
from sandbox.galaxy.replies import Refusal
from sandbox.galaxy.store import Database
from sandbox.galaxy.transaction import Transaction

_ZERO = Decimal(0)


class Links:
    """The convert rules of this tenant, and what was drawn by them."""

    def __init__(self, db: Database, rules: Iterable[ConvertRule]) -> None:
        self._db = db
        self.rules = list(rules)

    def rule(self, rule_id: str, *, source: str | None = None, target: str | None = None) -> ConvertRule | None:
        """The rule with this id (or alias), for these forms where they are given."""
        return next((rule for rule in self._between(source, target) if rule.answers_to(rule_id)), None)

    def default_rule(self, source: str, target: str) -> ConvertRule | None:
        return next(self._between(source, target), None)

    def _between(self, source: str | None, target: str | None) -> Any:
        for rule in self.rules:
            if source is not None and rule.source.casefold() != source.casefold():
                continue
            if target is not None and rule.target.casefold() != target.casefold():
                continue
            yield rule

    def read(self, form: Form, row: Row, raw_links: Sequence[dict[str, Any]], entity: str) -> None:
        """Take the link rows of an entry row as they were sent.

        Raises:
            Refusal: no such rule, or ids that are none.
        """
        prefix = f"{entity}_".casefold()
        quantity = row.values.get(form.quantity) or _ZERO
        row.links = []
        for raw in raw_links:
            folded = {key.casefold().removeprefix(prefix): value for key, value in raw.items()}
            rule = self._rule_of(form, folded)
            ids = (str(folded.get("fsbillid") or ""), str(folded.get("fsid") or ""))
            if not all(each.isdigit() for each in ids):
                raise Refusal(texts.link_broken(f"源单内码“{ids[0]}”、“{ids[1]}”不正确"), field=entity)
            carried = folded.get("fbaseunitqty") if len(raw_links) > 1 else None
            part = quantity if carried is None else Decimal(str(carried))
            row.links.append(Link(rule.id, rule.source, int(ids[0]), int(ids[1]), part))

    def _rule_of(self, form: Form, folded: dict[str, Any]) -> ConvertRule:
        rule_id, table = str(folded.get("fruleid") or ""), str(folded.get("fstablename") or "")
        rule = self.rule(rule_id, target=form.id)
        if rule is None:
            raise Refusal(texts.link_broken(f"转换规则“{rule_id}”不存在"), field="FRuleId")
        if rule.table.casefold() != table.casefold():
            raise Refusal(texts.link_broken(f"源表“{table}”与转换规则不符"), field="FSTableName")
        return rule

    def claim(self, record: Record, tx: Transaction, *, unchecked: bool = False) -> None:
        """Take what a record's links take from their sources.

        Raises:
            Refusal: a source row is missing, not audited, of other goods, or has less left than is taken.
        """
        wanted: defaultdict[tuple[str, int], Decimal] = defaultdict(lambda: _ZERO)
        pairs = [(row, link) for row in record.lines for link in row.links]
        for row, link in pairs:
            source, source_row = self._source(link)
            if source_row.values.get("fmaterialid") is not row.values.get("fmaterialid"):
                raise Refusal(
                    texts.link_broken(f"第{row.seq}行的物料与源单“{source.number}”不一致"), field="FMaterialId"
                )
            wanted[link.source_form, link.source_entry] += link.quantity
            left = open_quantity(source, source_row, record.form.id)
            if not unchecked and wanted[link.source_form, link.source_entry] > left:
                raise Refusal(texts.link_exceeds(source.number, source_row.seq, left), field=record.form.lines)
        if pairs:
            self._draw(record, 1)
            tx.undo(lambda: self._draw(record, -1))

    def release(self, record: Record, tx: Transaction) -> None:
        """Give back what a record's links took, before it changes or goes."""
        if any(row.links for row in record.lines):
            self._draw(record, -1)
            tx.undo(lambda: self._draw(record, 1))

    def _source(self, link: Link) -> tuple[Record, Row]:
        found = self._db.store(link.source_form).row(link.source_entry)
        if found is None or found[0].id != link.source_id:
            raise Refusal(texts.link_broken(f"源单分录“{link.source_entry}”不存在"), field="FSId")
        if found[0].status != AUDITED or found[0].is_cancelled:
            raise Refusal(texts.link_broken(f"源单“{found[0].number}”未审核"), field="FSBillId")
        return found

    def _draw(self, record: Record, sign: int) -> None:
        """Add (or with -1 take away) a record's links to what their sources know of them."""
        target = record.form.id
        for row in record.lines:
            for link in row.links:
                found = self._db.store(link.source_form).row(link.source_entry)
                if found is None:
                    continue
                source, source_row = found
                source_row.drawn[target] = source_row.drawn.get(target, _ZERO) + link.quantity * sign
                key = (target, int(record.id))
                source.downstream[key] += sign
                if not source.downstream[key]:
                    del source.downstream[key]
                self._show(source, source_row, link, target)

    def _show(self, source: Record, source_row: Row, link: Link, target: str) -> None:
        rule = self.rule(link.rule, source=link.source_form, target=target)
        if rule is None:
            return
        if rule.taken is not None:
            source_row.values[rule.taken] = source_row.drawn[target]
        if rule.open is not None:
            source_row.values[rule.open] = open_quantity(source, source_row, target)


def open_quantity(source: Record, row: Row, target: str) -> Decimal:
    """How much of a source row the target form has not taken yet."""
    quantity: Decimal = row.values.get(source.form.quantity) or _ZERO
    return quantity - row.drawn.get(target, _ZERO)


def refuse_with_downstream(db: Database, record: Record) -> None:
    """Raises Refusal when bills were made from this one."""
    for form_id, record_id in record.downstream:
        below = db.store(form_id)
        number = below.records[record_id].number
        raise Refusal(texts.has_downstream(record.number, record.form.caption, f"{below.form.caption}{number}"))
