"""All or nothing for one packet: every change notes how to take it back."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType


class Transaction:
    """Undoes what was noted, newest first, when its block is left by an exception."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def undo(self, step: Callable[[], object]) -> None:
        """Note how to take back the change just made."""
        self._undo.append(step)

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            while self._undo:
                self._undo.pop()()
