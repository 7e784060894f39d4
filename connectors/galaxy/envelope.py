"""What Galaxy answers, and what it means to us (section 6).

HTTP 200 says nothing: business failures, lost sessions and even unhandled exceptions come with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from domain import jsontext
from domain.faults import Fault, FaultKind

SYSTEM = "galaxy"
_EXCEPTION = b"response_error:"


class MsgCode(IntEnum):
    """`MsgCode` of a reply (section 6.1)."""

    DEFAULT = 0
    SESSION_LOST = 1
    NO_PERMISSION = 2
    OPERATION_MISSING = 3
    EXCEPTION = 4
    FORM_MISSING = 5
    DATABASE = 6
    LICENCE = 7
    PARAMETER = 8
    UNKNOWN_FIELD = 9
    NOT_FOUND = 10
    VALIDATION = 11
    NOT_OPERABLE = 12
    EDIT_LOCK = 13
    CALL_LIMIT = 14
    ADMINISTRATOR = 15


class GalaxyCode(StrEnum):
    """Codes of the faults this connector raises or returns, besides those of the transport."""

    SESSION_LOST = "session_lost"
    """Also how a wrong signature, application or user is answered in signed mode."""
    LOGIN_REFUSED = "login_refused"
    NO_PERMISSION = "no_permission"
    NOT_ADMITTED = "not_admitted"
    """The user may not call at all (any more)."""
    OPERATION_MISSING = "operation_missing"
    EXCEPTION = "exception"
    """The server's code for an exception it handled, e.g. an unknown form."""
    SERVER_EXCEPTION = "server_exception"
    """An exception it did not handle; the call may have taken effect."""
    FORM_MISSING = "form_missing"
    DATABASE = "database"
    LICENCE = "licence"
    PARAMETER = "parameter"
    UNKNOWN_FIELD = "unknown_field"
    NOT_FOUND = "not_found"
    VALIDATION = "validation"
    REFUSED = "refused"
    """Refused without a code of its own."""
    EDIT_LOCK = "edit_lock"
    CALL_LIMIT = "call_limit"
    ADMINISTRATOR = "administrator"
    BILL_EXISTS = "bill_exists"
    """The bill number is taken: our own earlier try, or a conflict. `find` and `read` tell."""
    STOCK_SHORT = "stock_short"
    """Stock would become negative."""
    WRONG_STATE = "wrong_state"
    """The bill's status does not allow the operation."""
    BAD_REPLY = "bad_reply"
    """The answer has a shape the vendor does not document."""
    UNANSWERED = "unanswered"
    """The answer says nothing about this bill, and it is not done."""


_MEANING: dict[MsgCode, tuple[FaultKind, GalaxyCode]] = {
    MsgCode.DEFAULT: (FaultKind.REFUSED, GalaxyCode.REFUSED),
    MsgCode.SESSION_LOST: (FaultKind.EXPIRED, GalaxyCode.SESSION_LOST),
    MsgCode.NO_PERMISSION: (FaultKind.REFUSED, GalaxyCode.NO_PERMISSION),
    MsgCode.OPERATION_MISSING: (FaultKind.REFUSED, GalaxyCode.OPERATION_MISSING),
    MsgCode.EXCEPTION: (FaultKind.REFUSED, GalaxyCode.EXCEPTION),
    MsgCode.FORM_MISSING: (FaultKind.REFUSED, GalaxyCode.FORM_MISSING),
    MsgCode.DATABASE: (FaultKind.TRANSIENT, GalaxyCode.DATABASE),
    MsgCode.LICENCE: (FaultKind.REFUSED, GalaxyCode.LICENCE),
    MsgCode.PARAMETER: (FaultKind.INVALID, GalaxyCode.PARAMETER),
    MsgCode.UNKNOWN_FIELD: (FaultKind.INVALID, GalaxyCode.UNKNOWN_FIELD),
    MsgCode.NOT_FOUND: (FaultKind.REFUSED, GalaxyCode.NOT_FOUND),
    MsgCode.VALIDATION: (FaultKind.REFUSED, GalaxyCode.VALIDATION),
    MsgCode.NOT_OPERABLE: (FaultKind.REFUSED, GalaxyCode.WRONG_STATE),
    MsgCode.EDIT_LOCK: (FaultKind.TRANSIENT, GalaxyCode.EDIT_LOCK),
    MsgCode.CALL_LIMIT: (FaultKind.THROTTLED, GalaxyCode.CALL_LIMIT),
    MsgCode.ADMINISTRATOR: (FaultKind.REFUSED, GalaxyCode.ADMINISTRATOR),
}
_STOCK_INTERACTION = "abstractinteractionresult"
_BILL_NUMBER = "fbillno"
_EDIT_LOCK_WORDS = ("使用业务单据", "冲突")
"""An edit lock may come with MsgCode 0 (section 6.1); then nothing but its words tells."""
_NOT_ON_WHITE_LIST = "当前用户未指定允许调用WebAPI接口"
"""The user may not call at all; comes with the code of a failed validation (section 3.1)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One of `Errors`. `index` is the place in the request of the bill it is about, if the reply says so."""

    field: str
    message: str
    index: int | None


@dataclass(frozen=True, slots=True)
class Done:
    """One of `SuccessEntitys`."""

    id: str
    number: str
    index: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """A `ResponseStatus`."""

    ok: bool
    code: int
    problems: tuple[Problem, ...]
    done: tuple[Done, ...]

    @property
    def concerns_the_call(self) -> bool:
        """It is about the call as a whole, not about single bills of it."""
        if self.done:
            return False
        return self.code not in _PER_BILL or self.fault().code == GalaxyCode.NOT_ADMITTED

    def fault(self) -> Fault:
        """What went wrong, by the problem that matters most."""
        if not self.problems:
            return translate(Problem("", "failed without a message", None), self.code)
        return most_telling([translate(problem, self.code) for problem in self.problems])


_PER_BILL = frozenset((MsgCode.DEFAULT, MsgCode.NOT_FOUND, MsgCode.VALIDATION, MsgCode.NOT_OPERABLE, MsgCode.EDIT_LOCK))
"""Codes of failures that name their bills; the others are about the call."""


class Unsuccessful(Fault):
    """A call none of whose bills was done; `status` tells why, bill by bill."""

    def __init__(self, status: Status) -> None:
        fault = status.fault()
        super().__init__(fault.kind, system=SYSTEM, code=fault.code, message=fault.message, field=fault.field)
        self.status = status


def fault(kind: FaultKind, code: GalaxyCode, message: str, field: str | None = None) -> Fault:
    """A fault of this system."""
    return Fault(kind, system=SYSTEM, code=code.value, message=message, field=field)


def bad_reply(message: str) -> Fault:
    """The answer makes no sense; what the call did is unknown."""
    return fault(FaultKind.TRANSIENT, GalaxyCode.BAD_REPLY, message)


def translate(problem: Problem, code: int) -> Fault:
    """What one problem of a failed reply means."""
    field = problem.field or None
    name = problem.field.casefold()
    if name == _STOCK_INTERACTION:
        return fault(FaultKind.REFUSED, GalaxyCode.STOCK_SHORT, problem.message)
    if code == MsgCode.DEFAULT and all(word in problem.message for word in _EDIT_LOCK_WORDS):
        return fault(FaultKind.TRANSIENT, GalaxyCode.EDIT_LOCK, problem.message)
    if code == MsgCode.VALIDATION and problem.message.startswith(_NOT_ON_WHITE_LIST):
        return fault(FaultKind.EXPIRED, GalaxyCode.NOT_ADMITTED, problem.message)
    if code == MsgCode.VALIDATION and name:
        if name == _BILL_NUMBER:
            return fault(FaultKind.REFUSED, GalaxyCode.BILL_EXISTS, problem.message, field)
        return fault(FaultKind.INVALID, GalaxyCode.VALIDATION, problem.message, field)
    try:
        kind, ours = _MEANING[MsgCode(code)]
    except ValueError:
        kind, ours = FaultKind.REFUSED, GalaxyCode.REFUSED
    return fault(kind, ours, problem.message, field)


_TELLING = (
    GalaxyCode.BILL_EXISTS,  # whatever else is wrong with a bill that exists, it exists
    GalaxyCode.EDIT_LOCK,
    GalaxyCode.STOCK_SHORT,
)


def most_telling(faults: list[Fault]) -> Fault:
    """Of several faults of one bill the one to decide on; its message keeps what the others say."""
    first = min(faults, key=lambda one: _TELLING.index(GalaxyCode(one.code)) if one.code in _TELLING else len(_TELLING))
    if len(faults) == 1:
        return first
    message = "; ".join(dict.fromkeys([first.message, *(one.message for one in faults)]))
    return Fault(first.kind, system=first.system, code=first.code, message=message, field=first.field)


def read_body(content: bytes) -> Any:
    """The JSON of a body.

    Raises:
        Fault: transient ``server_exception`` or ``not_json``.
    """
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(_EXCEPTION):
        message = text.removeprefix(_EXCEPTION).decode(errors="replace").strip()
        raise fault(FaultKind.TRANSIENT, GalaxyCode.SERVER_EXCEPTION, message or "unhandled exception")
    try:
        return jsontext.loads(text)
    except (ValueError, RecursionError) as error:
        raise Fault(FaultKind.TRANSIENT, system=SYSTEM, code="not_json", message=str(error)) from error


def status_of(body: Any) -> Status:
    """The `ResponseStatus` of the reply to an operation. Raises `Fault` ``bad_reply`` when there is none."""
    result = body.get("Result") if isinstance(body, dict) else None
    status = result.get("ResponseStatus") if isinstance(result, dict) else None
    if not isinstance(status, dict) or "IsSuccess" not in status:
        raise bad_reply("a reply without ResponseStatus")
    return Status(
        ok=_true(status["IsSuccess"]),
        code=_integer(status.get("MsgCode")) or 0,
        problems=tuple(
            Problem(_text(one.get("FieldName")), _text(one.get("Message")), _integer(one.get("DIndex")))
            for one in status.get("Errors") or ()
        ),
        done=tuple(
            Done(_text(one.get("Id")), _text(one.get("Number")), _integer(one.get("DIndex")))
            for one in status.get("SuccessEntitys") or ()
        ),
    )


def written(content: bytes) -> Status:
    """The status of a write that did something.

    Raises:
        Unsuccessful: it did nothing.
        Fault: see `read_body` and `status_of`.
    """
    status = status_of(read_body(content))
    if not status.ok and not status.done:
        raise Unsuccessful(status)
    return status


def rows_of(content: bytes) -> list[list[Any]]:
    """The rows of an ExecuteBillQuery. A failure looks like one row with an object in it (section 7.11).

    Raises:
        Unsuccessful: the query failed.
        Fault: see `read_body`; ``bad_reply`` for anything but rows.
    """
    body = read_body(content)
    first = body
    while isinstance(first, list) and first:
        first = first[0]
    if isinstance(first, dict) and "Result" in first:
        raise Unsuccessful(status_of(first))
    if not isinstance(body, list) or not all(isinstance(row, list) for row in body):
        raise bad_reply("a query was not answered with rows")
    return body


def _true(value: Any) -> bool:
    return value is True or str(value).casefold() == "true"


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
