"""What the tenant answers: the envelope of every API, refusals with a code, results row by row (section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """`errorCode` (section 6.5)."""

    OK = "0"
    BAD_PARAMETER = "400"
    UNAUTHENTICATED = "401"
    FORBIDDEN = "403"
    NO_API = "404"
    METHOD = "405"
    UNPARSABLE = "406"
    MEDIA_TYPE = "415"
    RATE = "429"
    INTERNAL = "500"
    DUPLICATE = "601"
    NOT_FOUND = "602"
    INVALID = "603"
    REPEATED = "604"
    UPDATE_FAILED = "611"
    TOKEN_INVALID = "612"
    EXCEPTION = "999"
    GATEWAY_UNKNOWN = "2501"


class Refusal(Exception):
    """The call as a whole is refused."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RowRefusal(Exception):
    """One bill of a call is refused; `entity` is the level the texts are about, empty for the head."""

    def __init__(self, messages: str | Sequence[str], entity: str = "") -> None:
        self.messages = [messages] if isinstance(messages, str) else list(messages)
        self.entity = entity
        super().__init__("; ".join(self.messages))


def envelope(
    data: Any, code: str = Code.OK, message: str | None = None, *, status: bool | None = None
) -> dict[str, Any]:
    """The four keys around everything."""
    ok = code == Code.OK if status is None else status
    return {"data": data, "errorCode": str(code), "message": message, "status": ok}


@dataclass(slots=True)
class Results:
    """Rows of `result`, in the order of the request."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum(not row["billStatus"] for row in self.rows)

    def done(self, index: int, bill_id: str, number: str, keys: dict[str, str] | None = None, kind: str = "") -> None:
        self._row(index, bill_id, number, keys, kind, [])

    def refused(
        self, index: int, refusal: RowRefusal, number: str, bill_id: str = "", keys: dict[str, str] | None = None
    ) -> None:
        error = {"entityKey": refusal.entity, "keys": keys or {}, "rowMsg": refusal.messages}
        self._row(index, bill_id, number, keys, "", [error])

    def _row(
        self, index: int, bill_id: str, number: str, keys: dict[str, str] | None, kind: str, errors: list[Any]
    ) -> None:
        row = {"billIndex": index, "billStatus": not errors, "errors": errors, "id": bill_id, "number": number}
        self.rows.append({**row, "keys": keys or {}, "type": kind})

    def data(self, **more: Any) -> dict[str, Any]:
        """`failCount` and `successCount` are texts, as in the vendor's samples."""
        failed = self.failed
        return {**more, "failCount": str(failed), "successCount": str(len(self.rows) - failed), "result": self.rows}
