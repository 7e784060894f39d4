"""What a test or a person may switch on a running simulator, besides faults."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.galaxy.replies import MsgCode


@dataclass(slots=True)
class EditLock:
    """Somebody has the bill open.

    Attributes:
        times: how many more operations it refuses; None is until released.
        msg_code: the servers seen answer 0, the vendor's table says 13.
    """

    times: int | None = None
    msg_code: int = MsgCode.EDIT_LOCK


@dataclass(slots=True)
class Switches:
    """Settings of the simulated server.

    Attributes:
        closed_until: last day (``YYYY-MM-DD``) of the closed period, or None.
        receivable_on_audit: the audit of an outbound makes an audited receivable.
        push_race: Push forgets what was pushed before, as two pushes at the same moment do.
        poll_count: polls an asynchronous BatchSave needs until it is complete.
        calls_per_second: more than this are refused with MsgCode 14; None is no limit.
        call_ms, bill_ms: processing time per call and per bill in it.
        parallel: calls processed at the same time; None is no cap.
    """

    closed_until: str | None = None
    receivable_on_audit: bool = False
    push_race: bool = False
    poll_count: int = 1
    calls_per_second: int | None = None
    call_ms: int = 0
    bill_ms: int = 0
    parallel: int | None = None
    locks: dict[tuple[str, str], EditLock] = field(default_factory=dict)

    def lock(self, form: str, number: str, lock: EditLock) -> None:
        self.locks[form.casefold(), number] = lock

    def unlock(self, form: str, number: str) -> None:
        self.locks.pop((form.casefold(), number), None)

    def locked(self, form: str, number: str) -> EditLock | None:
        """The lock that refuses an operation on this bill now; asking is using it up."""
        if not self.locks:
            return None
        key = (form.casefold(), number)
        lock = self.locks.get(key)
        if lock is not None and lock.times is not None:
            lock.times -= 1
            if lock.times <= 0:
                del self.locks[key]
        return lock
