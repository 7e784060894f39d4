"""What may stop any change of a bill: somebody's network mutex (网络互斥), a closed period."""

from __future__ import annotations

from sandbox.flagship import texts
from sandbox.flagship.config import Switches
from sandbox.flagship.records import Record
from sandbox.flagship.replies import RowRefusal

OTHER_USER = "管理员"


class Guards:
    """Asked before a bill changes."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._locks: dict[tuple[str, str], int | None] = {}

    def lock(self, entity: str, number: str, times: int | None = None) -> None:
        """Somebody opens a bill; `times`: how many operations that refuses, None: until it is unlocked."""
        self._locks[entity, number] = times

    def unlock(self, entity: str, number: str) -> None:
        self._locks.pop((entity, number), None)

    def refuse_locked(self, record: Record) -> None:
        """Raises RowRefusal when somebody has the bill open. Asking uses a limited lock up."""
        key = (record.entity.id, record.number)
        if key not in self._locks:
            return
        times = self._locks[key]
        if times is not None:
            self._locks[key] = times - 1
            if times <= 1:
                del self._locks[key]
        raise RowRefusal(texts.locked(record.number, OTHER_USER))

    def refuse_closed_period(self, record: Record) -> None:
        """Raises RowRefusal when the bill's day lies in the closed period."""
        closed, day = self._switches.closed_until, record.values.get(record.entity.day)
        if closed is not None and day is not None and day <= closed:
            raise RowRefusal(texts.period_closed(record.number, closed))
