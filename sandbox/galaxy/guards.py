"""What may stop any operation on a bill: somebody's edit lock, a closed period."""

from __future__ import annotations

from sandbox.galaxy import texts
from sandbox.galaxy.records import Record
from sandbox.galaxy.replies import Refusal
from sandbox.galaxy.switches import Switches


class Guards:
    """Asked before a bill changes."""

    def __init__(self, switches: Switches, user: str) -> None:
        self._switches = switches
        self._user = user

    def refuse_locked(self, record: Record) -> None:
        """Raises Refusal when the bill is open at somebody else's."""
        lock = self._switches.locked(record.form.id, record.number)
        if lock is not None:
            raise self.locked(record.form.caption, record.number, lock.msg_code)

    def locked(self, form: str, number: str, code: int) -> Refusal:
        """The refusal for a bill that is open at somebody else's."""
        return Refusal(texts.locked(self._user, form, number), code=code)

    def refuse_closed_period(self, record: Record) -> None:
        """Raises Refusal when the bill's date lies in the closed period of its form."""
        closed = self._switches.closed_until
        if closed is None or not record.form.in_period or record.form.day is None:
            return
        day = record.values.get(record.form.day.casefold())
        if day is not None and day[:10] <= closed:
            raise Refusal(texts.period_closed(record.number, closed), field=record.form.day)
