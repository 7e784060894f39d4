"""A connection (account at a vendor) that does not accept us: paused as a whole, until it does again (pain 15)."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from domain.documents import Frozen
from domain.faults import Fault, FaultKind


class Refusal(Frozen):
    """A vendor's no to who we are, in its own words.

    Attributes:
        system: kind of connection, e.g. ``galaxy``.
        code: stable code, e.g. ``session_lost``.
    """

    system: str
    code: str
    message: str


class Pause(Frozen):
    """A connection that nobody calls until it accepts us again.

    Attributes:
        connection: kind and name, e.g. ``galaxy.main``; also the name of its task queue.
        since: when it was found to refuse us.
    """

    connection: str
    since: datetime
    refusal: Refusal


class Paused(Fault):
    """A call that was not made, or was refused, because the connection is paused."""

    def __init__(self, pause: Pause) -> None:
        refusal = pause.refusal
        super().__init__(FaultKind.EXPIRED, system=refusal.system, code=refusal.code, message=refusal.message)
        self.connection = pause.connection


class Account(Protocol):
    """What an account at any vendor can be asked."""

    @property
    def counts_refusals(self) -> bool:
        """Whether the vendor counts refused log-ins, as it does wrong passwords: then nobody tries without a reason."""
        ...

    async def probe(self) -> None:
        """Make a cheap call that needs nothing but that the vendor accepts who we are. Raises `Fault`."""
        ...
