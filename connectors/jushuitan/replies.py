"""What Jushuitan answers, and what its codes mean to us (sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from domain.faults import Fault, FaultKind

SYSTEM = "jushuitan"


class JushuitanCode(StrEnum):
    """Codes of the faults this connector raises, besides those of the transport."""

    BAD_SIGNATURE = "bad_signature"
    TOKEN_REFUSED = "token_refused"  # noqa: S105
    AUTHORISATION_NEEDED = "authorisation_needed"
    """The merchant has to authorise the provider's application (again)."""
    IP_NOT_ALLOWED = "ip_not_allowed"
    NO_PERMISSION = "no_permission"
    """The application has no permission for this call; it is applied for in the vendor's console."""
    WRONG_APPLICATION = "wrong_application"
    """The token call is not meant for this kind of application."""
    PARAMETER = "parameter"
    CLOCK = "clock"
    INTERNAL = "internal"
    BUSINESS_RULE = "business_rule"
    UNKNOWN_SHOP = "unknown_shop"
    CALLS_PER_SECOND = "calls_per_second"
    CALLS_PER_MINUTE = "calls_per_minute"
    BAD_REPLY = "bad_reply"
    ROW_REFUSED = "row_refused"
    """The call was accepted, this row of it was not; the vendor gives words and no code."""
    NUMBER_TAKEN = "number_taken"
    """Our number belongs to a document with other content, or to one that was taken back."""
    NOT_IN_EFFECT = "not_in_effect"
    """Our document is there and waits for somebody at the vendor to confirm it."""
    PAGES_DRIFTED = "pages_drifted"
    """Rows moved while they were read page by page; some may be missing."""


_MEANING: dict[int, tuple[FaultKind, JushuitanCode]] = {
    10: (FaultKind.EXPIRED, JushuitanCode.BAD_SIGNATURE),
    120: (FaultKind.EXPIRED, JushuitanCode.BAD_SIGNATURE),
    100: (FaultKind.EXPIRED, JushuitanCode.TOKEN_REFUSED),
    110: (FaultKind.EXPIRED, JushuitanCode.IP_NOT_ALLOWED),
    190: (FaultKind.REFUSED, JushuitanCode.NO_PERMISSION),
    21024: (FaultKind.EXPIRED, JushuitanCode.WRONG_APPLICATION),
    130: (FaultKind.INVALID, JushuitanCode.PARAMETER),
    10015: (FaultKind.INVALID, JushuitanCode.PARAMETER),
    -4: (FaultKind.INVALID, JushuitanCode.PARAMETER),
    140: (FaultKind.INVALID, JushuitanCode.CLOCK),
    180: (FaultKind.INVALID, JushuitanCode.CLOCK),
    150: (FaultKind.TRANSIENT, JushuitanCode.INTERNAL),
    160: (FaultKind.REFUSED, JushuitanCode.BUSINESS_RULE),
    170: (FaultKind.REFUSED, JushuitanCode.UNKNOWN_SHOP),
    199: (FaultKind.THROTTLED, JushuitanCode.CALLS_PER_SECOND),
    200: (FaultKind.THROTTLED, JushuitanCode.CALLS_PER_MINUTE),
}
"""140 and 180 tell of a clock that is off, 140 also of parameters against the specification; both are asked again
once, and what is refused twice is not the clock."""


def fault(kind: FaultKind, code: str, message: str, retry_after: float | None = None) -> Fault:
    """A fault of this system."""
    return Fault(kind, system=SYSTEM, code=code, message=message, retry_after=retry_after)


def bad_reply(message: str) -> Fault:
    """The answer has a shape the vendor does not document."""
    return fault(FaultKind.TRANSIENT, JushuitanCode.BAD_REPLY, message)


def payload(reply: Any, now: float) -> dict[str, Any]:
    """The ``data`` of an accepted call; empty when the vendor sent none. Raises what `accepted` raises."""
    data = accepted(reply, now).get("data")
    return dict(data) if isinstance(data, Mapping) else {}


def accepted(reply: Any, now: float) -> dict[str, Any]:
    """The whole answer of an accepted call.

    Args:
        now: Unix time, to know when the minute of a minute limit ends.

    Raises:
        Fault: the call was not accepted, whatever its HTTP status.
    """
    if not isinstance(reply, Mapping):
        raise bad_reply("a call was not answered with an object")
    try:
        code = int(reply["code"])
    except (KeyError, TypeError, ValueError) as error:
        raise bad_reply("an answer without a code") from error
    if code != 0:
        raise _refusal(code, str(reply.get("msg") or ""), now)
    return dict(reply)


def _refusal(code: int, message: str, now: float) -> Fault:
    kind, ours = _MEANING.get(code, (FaultKind.REFUSED, f"code_{code}"))
    wait = None
    if code == 199:
        wait = 1.0
    elif code == 200:
        wait = 60 - now % 60
    return fault(kind, ours, f"[{code}] {message}", wait)
