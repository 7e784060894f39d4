"""The status machine A 暂存, B 已提交, C 已审核 (section 11)."""

from __future__ import annotations

from sandbox.flagship import texts
from sandbox.flagship.apis import Operation
from sandbox.flagship.clock import Clock
from sandbox.flagship.config import Switches
from sandbox.flagship.guards import Guards
from sandbox.flagship.records import AUDITED, DRAFT, SUBMITTED, Record, Records
from sandbox.flagship.replies import RowRefusal
from sandbox.flagship.stock import Stock

_FROM = {
    Operation.SUBMIT: (DRAFT, "提交"),
    Operation.AUDIT: (SUBMITTED, "审核"),
    Operation.UNAUDIT: (AUDITED, "反审核"),
    Operation.WITHDRAW: (SUBMITTED, "撤销"),
    Operation.DELETE: (DRAFT, "删除"),
}


class Lifecycle:
    """Carries out operations on stored records; a refused one changes nothing."""

    def __init__(self, records: Records, guards: Guards, stock: Stock, switches: Switches, clock: Clock) -> None:
        self._records = records
        self._guards = guards
        self._stock = stock
        self._switches = switches
        self._clock = clock

    def carry_out(self, operation: Operation, record: Record) -> None:
        """Raises RowRefusal."""
        self._guards.refuse_locked(record)
        wanted, name = _FROM[operation]
        if record.status != wanted:
            raise RowRefusal(texts.wrong_state(record.number, name))
        match operation:
            case Operation.SUBMIT:
                self._move_to(record, SUBMITTED)
            case Operation.WITHDRAW:
                self._move_to(record, DRAFT)
            case Operation.AUDIT:
                self._guards.refuse_closed_period(record)
                self._stock.post(record, +1)
                record.values["auditdate"] = self._clock()
                self._move_to(record, AUDITED)
            case Operation.UNAUDIT:
                self._refuse_with_downstream(record)
                self._guards.refuse_closed_period(record)
                self._stock.post(record, -1)
                record.values.pop("auditdate", None)
                self._move_to(record, self._switches.unaudit_to)
            case Operation.DELETE:
                self._refuse_with_downstream(record)
                self._records.remove(record)

    def _move_to(self, record: Record, status: str) -> None:
        record.status = status
        record.values["modifytime"] = self._clock()

    def _refuse_with_downstream(self, record: Record) -> None:
        below = self._records.made_from(record)
        if below:
            raise RowRefusal(texts.has_downstream(record.number, below[0].number))
