"""What became of each row of an upload (section 4): a call that is accepted may still refuse rows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from connectors.jushuitan.replies import JushuitanCode, fault
from domain.documents import Frozen
from domain.faults import FaultKind

_ROWS = ("datas", "data", "success")
_FLAGS = ("issuccess", "is_success")
_NO = ("false", "0")


class Outcome(StrEnum):
    """How it ended for one row."""

    WRITTEN = "written"
    FOUND = "found"
    """It was there already, with the same content: a call before this one, whose answer may never have come."""
    TAKEN = "taken"
    """Its number belongs to a document with other content, or to one that was taken back."""
    WAITING = "waiting"
    """It is there with the same content, and has not taken effect: somebody at the vendor has to confirm it."""
    REFUSED = "refused"


class Verdict(Frozen):
    """What became of one row.

    Attributes:
        number: our number of it, or the code of the goods or the supplier.
        id: the vendor's number of it, if it has one.
        status: the vendor's status of what was found.
        message: the vendor's words, or ours about what was found; for people.
        code: the vendor's code of a refused call, as our code; rows that are refused have none of their own.
    """

    number: str
    outcome: Outcome
    id: str | None = None
    status: str | None = None
    message: str = ""
    code: str = JushuitanCode.ROW_REFUSED

    @property
    def stands(self) -> bool:
        """Whether the vendor has it, and it took effect."""
        return self.outcome in (Outcome.WRITTEN, Outcome.FOUND)

    def require(self) -> Verdict:
        """The verdict itself. Raises `Fault` refused unless it stands."""
        if self.stands:
            return self
        raise fault(FaultKind.REFUSED, _CODES.get(self.outcome, self.code), f"{self.number}: {self.message}")


_CODES = {Outcome.TAKEN: JushuitanCode.NUMBER_TAKEN, Outcome.WAITING: JushuitanCode.NOT_IN_EFFECT}


class RowResult(Frozen):
    """One row of an answer, whatever its shape."""

    fields: dict[str, Any]
    accepted: bool
    message: str

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        return "" if value is None else str(value)


def row_results(reply: Mapping[str, Any]) -> tuple[RowResult, ...]:
    """The rows of an accepted upload in the shapes the vendor has for them.

    Rows under `data.datas`, one object under `data.data` or `data`, rows under `data` itself, or ids under
    `data.success` and `data.fail`. A row without a flag of its own is as the whole call.
    """
    whole = _flag(reply) is not False
    data = reply.get("data")
    if isinstance(data, Mapping) and ("fail" in data or "success" in data):
        done = [_result(row, True) for row in _objects(data.get("success"))]
        return (*done, *(_result(row, False) for row in _objects(data.get("fail"))))
    return tuple(_result(row, whole if (own := _flag(row)) is None else own) for row in _rows(data))


def is_accepted(reply: Mapping[str, Any]) -> bool:
    """Whether a call without rows was carried out."""
    return _flag(reply) is not False


def _rows(data: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(data, Mapping):
        for name in _ROWS:
            if isinstance(data.get(name), (list, Mapping)):
                yield from _objects(data[name])
                return
        yield data
        return
    yield from _objects(data)


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    rows = value if isinstance(value, list) else [value]
    return [row for row in rows if isinstance(row, Mapping)]


def _flag(row: Mapping[str, Any]) -> bool | None:
    """True, false, or not said; the vendor writes booleans also as texts and numbers."""
    for name in _FLAGS:
        value = row.get(name)
        if value is not None and str(value).strip():
            return str(value).strip().casefold() not in _NO
    return None


def _result(row: Mapping[str, Any], accepted: bool) -> RowResult:
    return RowResult(fields=dict(row), accepted=accepted, message=str(row.get("msg") or ""))
