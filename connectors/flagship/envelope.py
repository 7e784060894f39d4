"""What Flagship answers, and what it means to us (section 6).

The body decides, whatever the HTTP status; and within the body the rows, whatever the envelope says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import httpx

from domain import jsontext
from domain.faults import Fault, FaultKind

SYSTEM = "flagship"
UNFILTERED = "[1 = 1]"
"""`filter` of an answer for which nothing was filtered (section 6.2)."""
_OK = "0"


class FlagshipCode(StrEnum):
    """Codes of the faults this connector raises or returns, besides those of the transport."""

    TOKEN_LOST = "token_lost"  # noqa: S105
    LOGIN_REFUSED = "login_refused"
    NOT_ADMITTED = "not_admitted"
    """The public cloud's gateway does not know the application."""
    NO_PERMISSION = "no_permission"
    API_MISSING = "api_missing"
    """No API at that path: the binding is wrong, or the API is disabled."""
    BAD_CALL = "bad_call"
    BAD_PARAMETER = "bad_parameter"
    CALL_LIMIT = "call_limit"
    SERVER_EXCEPTION = "server_exception"
    """An internal error; the call may have taken effect."""
    DUPLICATE = "duplicate"
    NOT_FOUND = "not_found"
    VALIDATION = "validation"
    REPEATED = "repeated"
    """Refused as a repetition of an earlier call, whose answer is not given again."""
    REFUSED = "refused"
    SCRIPT = "script"
    EXCEPTION = "exception"
    """A business exception without a code of its own."""
    BILL_EXISTS = "bill_exists"
    STOCK_SHORT = "stock_short"
    EDIT_LOCK = "edit_lock"
    WRONG_STATE = "wrong_state"
    BAD_REPLY = "bad_reply"
    """The answer has a shape the vendor does not document."""
    UNANSWERED = "unanswered"
    """The answer says nothing about this bill, and it is not done."""
    BINDING_MISSING = "binding_missing"
    """There is no binding for what is asked: an entity, a filter."""
    FILTER_IGNORED = "filter_ignored"
    """The server did not apply a condition: its API has no such parameter."""
    COLUMN_MISSING = "column_missing"
    """The server did not return a column: its API is not set up to."""


_MEANING: dict[str, tuple[FaultKind, FlagshipCode]] = {
    "400": (FaultKind.INVALID, FlagshipCode.BAD_PARAMETER),
    "401": (FaultKind.EXPIRED, FlagshipCode.TOKEN_LOST),
    "403": (FaultKind.REFUSED, FlagshipCode.NO_PERMISSION),
    "404": (FaultKind.REFUSED, FlagshipCode.API_MISSING),
    "405": (FaultKind.REFUSED, FlagshipCode.BAD_CALL),
    "406": (FaultKind.REFUSED, FlagshipCode.BAD_CALL),
    "415": (FaultKind.REFUSED, FlagshipCode.BAD_CALL),
    "429": (FaultKind.THROTTLED, FlagshipCode.CALL_LIMIT),
    "500": (FaultKind.TRANSIENT, FlagshipCode.SERVER_EXCEPTION),
    "601": (FaultKind.REFUSED, FlagshipCode.DUPLICATE),
    "602": (FaultKind.REFUSED, FlagshipCode.NOT_FOUND),
    "603": (FaultKind.INVALID, FlagshipCode.VALIDATION),
    "604": (FaultKind.TRANSIENT, FlagshipCode.REPEATED),
    "611": (FaultKind.REFUSED, FlagshipCode.REFUSED),
    "612": (FaultKind.REFUSED, FlagshipCode.NO_PERMISSION),
    "701": (FaultKind.REFUSED, FlagshipCode.SCRIPT),
    "702": (FaultKind.REFUSED, FlagshipCode.SCRIPT),
    "999": (FaultKind.REFUSED, FlagshipCode.EXCEPTION),
    "2501": (FaultKind.EXPIRED, FlagshipCode.NOT_ADMITTED),
    "2551": (FaultKind.EXPIRED, FlagshipCode.NOT_ADMITTED),
}
_OF_THE_CALL = frozenset(
    (
        *(FlagshipCode.TOKEN_LOST, FlagshipCode.NOT_ADMITTED, FlagshipCode.NO_PERMISSION, FlagshipCode.API_MISSING),
        *(FlagshipCode.BAD_CALL, FlagshipCode.CALL_LIMIT),
    )
)
"""Codes that no bill of a call can be the reason of."""


class Failed(Fault):
    """A call the vendor answered with a failure and without rows."""

    @property
    def concerns_the_call(self) -> bool:
        """It is about the call as a whole, not about one of its bills."""
        return self.code in _OF_THE_CALL


@dataclass(frozen=True, slots=True)
class Row:
    """One of `result` (sections 6.3 and 6.4).

    Attributes:
        index: place in the request of the bill it is about, if the reply says so.
        done: whether it succeeded.
        updates: the save changed a bill that was there.
        errors: whatever is said of a failure, for people.
    """

    index: int | None
    done: bool
    id: str
    number: str
    updates: bool
    errors: str


def fault(kind: FaultKind, code: FlagshipCode, message: str, field: str | None = None) -> Fault:
    """A fault of this system."""
    return Fault(kind, system=SYSTEM, code=code.value, message=message, field=field)


def bad_reply(message: str) -> Fault:
    """The answer makes no sense; what the call did is unknown."""
    return fault(FaultKind.TRANSIENT, FlagshipCode.BAD_REPLY, message)


def data_of(response: httpx.Response) -> Mapping[str, Any]:
    """The `data` of an answer that succeeded, or that at least tells row by row.

    Raises:
        Failed: it failed as a whole.
        Fault: transient ``not_json`` or ``bad_reply``.
    """
    try:
        body = jsontext.loads(response.content)
    except (ValueError, RecursionError) as error:
        message = f"HTTP {response.status_code}: {error}"
        raise Fault(FaultKind.TRANSIENT, system=SYSTEM, code="not_json", message=message) from error
    if not isinstance(body, dict) or "errorCode" not in body:
        raise bad_reply("a reply without errorCode")
    data = body.get("data")
    if isinstance(data, dict) and isinstance(data.get("result"), list) and data["result"]:
        return data
    if body.get("status") is not True or _text(body["errorCode"]) != _OK:
        raise failure(_text(body["errorCode"]), _text(body.get("message")))
    if not isinstance(data, dict):
        raise bad_reply("a reply without data")
    return data


def status_fault(response: httpx.Response) -> Fault | None:
    """What an answer with an error status means; None when it is no answer of the vendor's."""
    try:
        body = jsontext.loads(response.content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or "errorCode" not in body:
        return None
    code = _text(body["errorCode"])
    if code == _OK:
        return bad_reply(f"HTTP {response.status_code} with a success in it")
    return failure(code, _text(body.get("message")))


def failure(code: str, message: str) -> Failed:
    """What an `errorCode` means. A code we do not know (``ar.100001``) is a business refusal and keeps its name."""
    kind, ours = _MEANING.get(code, (FaultKind.REFUSED, code))
    return Failed(kind, system=SYSTEM, code=str(ours), message=message or f"errorCode {code}")


def rows_of(data: Mapping[str, Any]) -> list[Row]:
    """The rows of a save or a step; none when the tenant's API does not return them."""
    result = data.get("result")
    return [_row(each) for each in result if isinstance(each, dict)] if isinstance(result, list) else []


def _row(row: Mapping[str, Any]) -> Row:
    done = row.get("billStatus")
    errors = row.get("errors") or ()
    return Row(
        index=_integer(row.get("billIndex")),
        done=done is True or str(done).casefold() == "true",
        id=_text(row.get("id")),
        number=_text(row.get("number")),
        updates=_text(row.get("type")).casefold() == "update",
        errors="; ".join(_words(errors)) or "failed without a message",
    )


def _words(errors: Any) -> list[str]:
    """The texts of `errors`, whose shape nobody documents."""
    if isinstance(errors, Mapping):
        told = errors.get("rowMsg")
        return _words(told) if told else [jsontext.dumps(dict(errors))]
    if isinstance(errors, (list, tuple)):
        return [word for each in errors for word in _words(each)]
    return [_text(errors)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
