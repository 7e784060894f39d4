"""The response envelope: one ResponseStatus for a call, with an outcome per packet (vendor document, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sandbox.galaxy import texts


class MsgCode(IntEnum):
    """`MsgCode` of a reply (section 6.1)."""

    DEFAULT = 0
    CONTEXT_LOST = 1
    NO_PERMISSION = 2
    EXCEPTION = 4
    FORM_ID_EMPTY = 5
    PARAMETER = 8
    UNKNOWN_FIELD = 9
    NOT_FOUND = 10
    VALIDATION = 11
    NOT_OPERABLE = 12
    EDIT_LOCK = 13
    CALL_LIMIT = 14


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence of why, and the field it is about."""

    message: str
    field: str | None = ""


class Refusal(Exception):
    """The server refuses a packet, or the whole call when raised outside of one."""

    def __init__(self, problems: Sequence[Problem] | str, *, field: str | None = "", code: int = MsgCode.VALIDATION):
        self.problems = [Problem(problems, field)] if isinstance(problems, str) else list(problems)
        self.code = code
        super().__init__("; ".join(problem.message for problem in self.problems))


class ServerException(Exception):
    """An unhandled exception of the server: HTTP 200 with a text that begins ``response_error:``."""


class Outcome:
    """Collects what became of the packets of a call."""

    def __init__(self) -> None:
        self._errors: list[dict[str, Any]] = []
        self._entities: list[dict[str, Any]] = []
        self._messages: list[dict[str, Any]] = []
        self._code: int | None = None

    @classmethod
    def of(cls, refusal: Refusal) -> Outcome:
        """The outcome of a call that is refused as a whole."""
        outcome = cls()
        outcome.refuse(0, refusal)
        return outcome

    @property
    def is_success(self) -> bool:
        return not self._errors

    def succeed(self, index: int, record_id: int | str, number: str) -> None:
        self._entities.append({"Id": record_id, "Number": number, "DIndex": index})

    def say(self, index: int, message: str) -> None:
        self._messages.append({"FieldName": None, "Message": message, "DIndex": index})

    def refuse(self, index: int, refusal: Refusal) -> None:
        for problem in refusal.problems:
            self._errors.append({"FieldName": problem.field, "Message": problem.message, "DIndex": index})
        if self._code is None:
            self._code = refusal.code

    def status(self) -> dict[str, Any]:
        """The ResponseStatus object."""
        status: dict[str, Any] = {} if self.is_success else {"ErrorCode": 500}
        status |= {
            "IsSuccess": self.is_success,
            "Errors": self._errors,
            "SuccessEntitys": self._entities,
            "SuccessMessages": self._messages,
            "MsgCode": MsgCode.DEFAULT if self._code is None else int(self._code),
        }
        return status

    def reply(self, **more: Any) -> dict[str, Any]:
        return {"Result": {"ResponseStatus": self.status(), **more}}


SESSION_LOST = Refusal(texts.SESSION_LOST, field=None, code=MsgCode.CONTEXT_LOST)
