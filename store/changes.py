"""A `DocumentChange` as columns, and several changes of one document in a row as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.documents import DocumentState
from domain.journal import DocumentChange
from store.records import HOLD_COLUMNS

_NO_HOLD: dict[str, Any] = dict.fromkeys(HOLD_COLUMNS.values())


def check(change: DocumentChange) -> None:
    """Refuse a change that would leave a document held without a reason, or with one while it is not held.

    Raises:
        ValueError: state cleared; HELD without hold; hold without HELD.
    """
    given = change.model_fields_set
    if "state" in given and change.state is None:
        raise ValueError("a document always has a state")
    if change.state is DocumentState.HELD and change.hold is None:
        raise ValueError("a held document needs a hold: why it waits, and for whom")
    if change.hold is not None and change.state is not DocumentState.HELD:
        raise ValueError("a hold is given together with the state HELD")
    if "hold" in given and change.state is None:
        raise ValueError("a hold ends by the document taking another state")


@dataclass(slots=True)
class Columns:
    """What is written to a document's row.

    Attributes:
        values: column → value.
        changes: how many changes these are.
        keep_held_at: a document that was held already when these are written keeps the time its wait began.
    """

    values: dict[str, Any] = field(default_factory=dict)
    changes: int = 0
    keep_held_at: bool = False

    def add(self, change: DocumentChange, at: datetime) -> None:
        """Apply a (checked) change made at a moment, after those added before."""
        given = {name: getattr(change, name) for name in change.model_fields_set - {"hold", "only_if"}}
        if change.state is not None:
            given |= self._hold(change, at)
            if change.state is not DocumentState.SKIPPED:
                given.setdefault("skip_reason", None)
        self.values |= given
        self.values["changed_at"] = at
        self.changes += 1

    def _hold(self, change: DocumentChange, at: datetime) -> dict[str, Any]:
        if change.hold is None:
            self.keep_held_at = False
            return _NO_HOLD | {"held_at": None}
        columns = {column: getattr(change.hold, name) for name, column in HOLD_COLUMNS.items()}
        if self.values.get("state") == DocumentState.HELD:
            return columns  # held again without a break: the wait goes on
        self.keep_held_at = "state" not in self.values
        return columns | {"held_at": at}
