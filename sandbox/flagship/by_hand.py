"""What people do to bills in the ERP's own windows, behind the back of whoever posted them; stock moves along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.flagship.amounts import compute
from sandbox.flagship.apis import Api, Operation
from sandbox.flagship.records import AUDITED, DRAFT, SUBMITTED, Record
from sandbox.flagship.state import FlagshipState


class ByHand:
    """A clerk at the ERP. All acts raise KeyError for a bill that is not there, RowRefusal where the server says no."""

    def __init__(self, state: FlagshipState) -> None:
        self._state = state

    def unaudit(self, entity: str, number: str) -> None:
        """反审核; the bill stays."""
        self._state.lifecycle.carry_out(Operation.UNAUDIT, self._bill(entity, number))

    def delete(self, entity: str, number: str) -> None:
        """Un-audit, withdraw and delete, as far as needed."""
        self._open(entity, number)
        self._state.lifecycle.carry_out(Operation.DELETE, self._bill(entity, number))

    def edit(
        self, entity: str, number: str, head: Mapping[str, Any] | None = None, line: int = 0, **values: Any
    ) -> None:
        """Change head fields and fields of one line by their keys, then audit again."""
        self._open(entity, number)
        bill = self._bill(entity, number)
        packet = {"id": bill.id, **(head or {})}
        if values:
            packet[bill.entity.entry] = [{"id": bill.lines[line].id, **values}]
        self._state.saving.save(Api("", entity, Operation.SAVE, keys=("id",)), packet)
        self._audit(self._bill(entity, number))

    def copy(self, entity: str, number: str, to: str) -> None:
        """复制: the same bill once more under another number, audited. Links to other bills are not copied."""
        records = self._state.records
        twin = self._bill(entity, number).copy()
        twin.id, twin.number, twin.status = records.next_id(), to, DRAFT
        for line in twin.lines:
            line.id, line.link = records.next_id(), None
        compute(twin)
        records.put(twin)
        self._audit(twin)

    def _bill(self, entity: str, number: str) -> Record:
        found = self._state.records.by_number(entity, number)
        if found is None:
            raise KeyError(f"{entity} {number}")
        return found

    def _open(self, entity: str, number: str) -> None:
        bill = self._bill(entity, number)
        if bill.status == AUDITED:
            self._state.lifecycle.carry_out(Operation.UNAUDIT, bill)
        if bill.status == SUBMITTED:
            self._state.lifecycle.carry_out(Operation.WITHDRAW, bill)

    def _audit(self, bill: Record) -> None:
        self._state.lifecycle.carry_out(Operation.SUBMIT, bill)
        self._state.lifecycle.carry_out(Operation.AUDIT, bill)
