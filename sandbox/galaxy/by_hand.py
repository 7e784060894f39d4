"""What people do to bills in the ERP's own windows, behind the back of whoever posted them.

Each act obeys the server's rules for a person with all rights: stock moves along, amounts are computed anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.galaxy.amounts import compute
from sandbox.galaxy.metadata import Kind
from sandbox.galaxy.records import AUDITED, SUBMITTED, Record
from sandbox.galaxy.state import GalaxyState
from sandbox.galaxy.transaction import Transaction


class ByHand:
    """A clerk at the ERP. All acts raise KeyError for a bill that is not there, Refusal where the server says no."""

    def __init__(self, state: GalaxyState) -> None:
        self._state = state

    def unaudit(self, form: str, number: str) -> None:
        """反审核; the bill stays."""
        with Transaction() as tx:
            self._state.lifecycle.unaudit(self._bill(form, number), tx, allow_negative=True)

    def delete(self, form: str, number: str) -> None:
        """Un-audit, withdraw and delete, as far as needed."""
        bill = self._bill(form, number)
        with Transaction() as tx:
            self._open(bill, tx)
            self._state.lifecycle.delete(bill, tx)

    def edit(self, form: str, number: str, head: Mapping[str, Any] | None = None, line: int = 0, **values: Any) -> None:
        """Change head fields and fields of one line by their keys (base data by number), then audit again."""
        bill = self._bill(form, number)
        store = self._state.db.store(form)
        with Transaction() as tx:
            self._open(bill, tx)
            store.unindex(bill)
            self._write(bill, bill.values, head or {})
            self._write(bill, bill.lines[line].values, values)
            compute(self._state.db, bill)
            store.index(bill)
            self._audit(bill, tx)

    def copy(self, form: str, number: str, to: str, head: Mapping[str, Any] | None = None) -> None:
        """复制: the same bill once more under another number, audited. Links to other bills are not copied."""
        bill, state = self._bill(form, number), self._state
        twin = Record(bill.form, state.db.next_id(), to)
        twin.values = {**bill.values, "fdocumentstatus": "A"}
        twin.entries = {key: [row.copy() for row in rows] for key, rows in bill.entries.items()}
        for rows in twin.entries.values():
            for row in rows:
                row.id, row.links, row.drawn = state.db.next_id(), [], {}
        self._write(twin, twin.values, head or {})
        compute(state.db, twin)
        state.db.store(form).add(twin)
        with Transaction() as tx:
            self._audit(twin, tx)

    def _bill(self, form: str, number: str) -> Record:
        found = self._state.db.store(form).with_number(number)
        if not found:
            raise KeyError(f"{form} {number}")
        return found[0]

    def _open(self, bill: Record, tx: Transaction) -> None:
        if bill.status == AUDITED:
            self._state.lifecycle.unaudit(bill, tx, allow_negative=True)
        elif bill.status == SUBMITTED:
            self._state.lifecycle.withdraw(bill, tx)

    def _audit(self, bill: Record, tx: Transaction) -> None:
        self._state.lifecycle.submit(bill, tx)
        self._state.lifecycle.audit(bill, None, tx, allow_negative=True, messages=[])

    def _write(self, bill: Record, values: dict[str, Any], changes: Mapping[str, Any]) -> None:
        """Raises KeyError: no such field, or no base data of that number."""
        for key, given in changes.items():
            field = bill.form.fields[key.casefold()][1]
            if field.kind is Kind.BASE and field.ref is not None:
                values[field.name] = self._bill(field.ref, str(given))
            else:
                values[field.name] = Decimal(str(given)) if field.kind is Kind.DECIMAL else given
