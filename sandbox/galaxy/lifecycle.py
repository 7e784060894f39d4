"""The status machine: submit, audit, un-audit, withdraw, cancel, delete, and the yes/no operations (section 8)."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.galaxy import texts
from sandbox.galaxy.guards import Guards
from sandbox.galaxy.inventory import Inventory
from sandbox.galaxy.links import Links, refuse_with_downstream
from sandbox.galaxy.metadata import FormKind
from sandbox.galaxy.records import AUDITED, OPEN_STATES, REAUDIT, SUBMITTED, Record
from sandbox.galaxy.replies import MsgCode, Refusal
from sandbox.galaxy.rows import goods_problems
from sandbox.galaxy.store import Database
from sandbox.galaxy.transaction import Transaction

AfterAudit = Callable[[Record, Record | None, Transaction], list[str]]


class Lifecycle:
    """Operations on stored records. Each raises `Refusal` and leaves the record as it was.

    Attributes:
        after_audit: called when a record was audited; returns what the reply should say besides.
    """

    def __init__(self, db: Database, guards: Guards, inventory: Inventory, links: Links) -> None:
        self._db = db
        self._guards = guards
        self._inventory = inventory
        self._links = links
        self.after_audit: AfterAudit = lambda record, user, tx: []

    def submit(self, record: Record, tx: Transaction) -> None:
        self._guards.refuse_locked(record)
        self._refuse_cancelled(record)
        if record.status not in OPEN_STATES:
            raise Refusal(texts.cannot_submit(record.number, record.form.caption))
        self._refuse_incomplete(record)
        self._set(record, tx, SUBMITTED)

    def audit(
        self, record: Record, user: Record | None, tx: Transaction, *, allow_negative: bool, messages: list[str]
    ) -> None:
        """Audit; what else happened is added to `messages`."""
        self._guards.refuse_locked(record)
        if record.status == AUDITED:
            raise Refusal(texts.already_audited(record.number, record.form.caption))
        self._refuse_cancelled(record)
        if record.status != SUBMITTED:
            raise Refusal(texts.cannot_audit(record.number, record.form.caption))
        self._guards.refuse_closed_period(record)
        self._refuse_incomplete(record)
        self._move(record, 1, tx, allow_negative=allow_negative)
        self._set(record, tx, AUDITED, fapproverid=user, fapprovedate=self._db.now())
        messages += self.after_audit(record, user, tx)

    def unaudit(self, record: Record, tx: Transaction, *, allow_negative: bool) -> None:
        self._guards.refuse_locked(record)
        if record.status != AUDITED:
            raise Refusal(texts.cannot_unaudit(record.number, record.form.caption))
        refuse_with_downstream(self._db, record)
        self._guards.refuse_closed_period(record)
        self._move(record, -1, tx, allow_negative=allow_negative)
        self._set(record, tx, REAUDIT, fapproverid=None, fapprovedate=None)

    def withdraw(self, record: Record, tx: Transaction) -> None:
        """CancelAssign (撤销)."""
        self._guards.refuse_locked(record)
        if record.status != SUBMITTED:
            raise Refusal(texts.cannot_withdraw(record.number, record.form.caption))
        self._set(record, tx, REAUDIT)

    def delete(self, record: Record, tx: Transaction) -> None:
        self._guards.refuse_locked(record)
        if record.status not in OPEN_STATES:
            raise Refusal(texts.cannot_delete(record.number, record.form.caption))
        refuse_with_downstream(self._db, record)
        if not record.is_cancelled:
            self._links.release(record, tx)
        self._db.store(record.form.id).remove(record)

    def cancel(self, record: Record, tx: Transaction) -> None:
        """Cancel (作废): the bill stays but counts no more."""
        self._guards.refuse_locked(record)
        if record.form.kind is not FormKind.BILL or record.status not in OPEN_STATES or record.is_cancelled:
            raise Refusal(texts.cannot_cancel(record.number, record.form.caption))
        refuse_with_downstream(self._db, record)
        self._links.release(record, tx)
        self._change(record, tx, fcancelstatus="B")

    def uncancel(self, record: Record, tx: Transaction) -> None:
        self._guards.refuse_locked(record)
        if not record.is_cancelled:
            raise Refusal(texts.cannot_cancel(record.number, record.form.caption))
        self._links.claim(record, tx)
        self._change(record, tx, fcancelstatus="A")

    def mark(self, record: Record, tx: Transaction, field: str, value: str) -> None:
        """Set a status field the form has: FForbidStatus, FCloseStatus.

        Raises:
            Refusal: the form has no such status.
        """
        self._guards.refuse_locked(record)
        if field not in record.form.fields:
            raise Refusal(texts.field_not_here(record.form.caption, field), code=MsgCode.NOT_OPERABLE)
        self._change(record, tx, **{field: value})

    def _move(self, record: Record, direction: int, tx: Transaction, *, allow_negative: bool) -> None:
        if record.form.movements:
            moved = self._inventory.post(record, direction, allow_negative=allow_negative)
            tx.undo(lambda: self._inventory.apply(moved, -1))

    def _set(self, record: Record, tx: Transaction, status: str, **more: object) -> None:
        self._change(record, tx, fdocumentstatus=status, **more)

    def _change(self, record: Record, tx: Transaction, **changes: object) -> None:
        before = record.values
        record.values = {**before, **changes, "fmodifydate": self._db.now()}

        def put_back() -> None:
            record.values = before

        tx.undo(put_back)

    @staticmethod
    def _refuse_cancelled(record: Record) -> None:
        if record.is_cancelled:
            raise Refusal(texts.is_cancelled(record.number, record.form.caption))

    @staticmethod
    def _refuse_incomplete(record: Record) -> None:
        problems = list(goods_problems(record))
        if problems:
            raise Refusal(problems)
