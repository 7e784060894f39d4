"""The signatures of what is done about a connection that refuses us, and what goes in and out."""

from __future__ import annotations

from temporalio import activity

from domain.connections import Pause
from domain.documents import Frozen


class PauseStep(Frozen):
    """Puts a pause on record, for everybody who would call the connection, and tells whoever can end it."""

    pause: Pause


class ConnectionStep(Frozen):
    """The connection a step is about."""

    connection: str


class Probed(Frozen):
    """What a probe found.

    Attributes:
        accepted: the vendor knows us, or knows us not; None: nobody can say, it was out of reach.
        code, message: why not, in the vendor's words.
        counts_refusals: the vendor counts refused tries against the account.
    """

    accepted: bool | None
    code: str = ""
    message: str = ""
    counts_refusals: bool = False


class ConnectionSteps:
    """`activities.connections` carries them out.

    pause and lift only write the store: local activities. wake_waiting and probe run on the workflows' queue; on the
    connection's own, steps that were refused hold the slots until a probe has answered for them.
    """

    @activity.defn(name="pause")
    async def pause(self, step: PauseStep) -> None:
        raise NotImplementedError

    @activity.defn(name="lift")
    async def lift(self, step: ConnectionStep) -> None:
        raise NotImplementedError

    @activity.defn(name="probe")
    async def probe(self, step: ConnectionStep) -> Probed:
        raise NotImplementedError

    @activity.defn(name="wake_waiting")
    async def wake_waiting(self, step: ConnectionStep) -> int:
        """Wake every document that waits for the connection. Returns how many were told."""
        raise NotImplementedError
