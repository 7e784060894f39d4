"""The five kinds of fault. Every connector translates its vendor's errors into these at its edge;
retry policy, hold reason and alert follow from the kind alone, never from the text (requirement L7)."""

from __future__ import annotations

from enum import StrEnum


class FaultKind(StrEnum):
    """What kind of failure a vendor call ended in."""

    TRANSIENT = "transient"
    """Network, time-out, 5xx, a lock held by somebody else. The call may or may not have taken effect."""
    THROTTLED = "throttled"
    """The vendor asks us to slow down. Waiting is normal and never counts as a failure."""
    EXPIRED = "expired"
    """The vendor does not accept who we are (session, token, secret, address), and renewing once did not help."""
    INVALID = "invalid"
    """Our data is wrong. Repeating it changes nothing; `field` names the place."""
    REFUSED = "refused"
    """The vendor's business says no, or we may not do this; `code` and `message` are the vendor's words."""


class Fault(Exception):
    """A failed vendor call, in our terms.

    Attributes:
        kind: which of the five.
        system: the connection kind that answered, e.g. ``galaxy``.
        code: stable code to decide on (the vendor's, or ours for network faults, e.g. ``timeout``).
        message: the vendor's words, for people. Never decide on it.
        field: the field the fault is about, in the target's spelling, if known.
        retry_after: seconds the vendor asked us to wait, if it said so.
    """

    def __init__(
        self,
        kind: FaultKind,
        *,
        system: str,
        code: str,
        message: str,
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{system} {kind.value} [{code}] {message}")
        self.kind = kind
        self.system = system
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after
