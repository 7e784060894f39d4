"""The operation APIs: from a request's body to an envelope (sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sandbox.flagship import texts
from sandbox.flagship.apis import Api, Operation
from sandbox.flagship.config import PartialFailure, Switches
from sandbox.flagship.guards import OTHER_USER
from sandbox.flagship.lifecycle import Lifecycle
from sandbox.flagship.querying import Querying
from sandbox.flagship.records import Record
from sandbox.flagship.replies import Code, Refusal, Results, RowRefusal, envelope
from sandbox.flagship.saving import Saving

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a fault does to the bills of a call.

    Attributes:
        locked_every: one bill in so many, the first included, is open at somebody else's; 0: none is.
        breaks_off: the call ends in the middle: half of its bills, rounded up, are done, and nobody says which.
    """

    locked_every: int = 0
    breaks_off: bool = False

    def bills(self, all_: Iterable[T]) -> Iterator[tuple[int, T]]:
        """What the call is about, with its place, as far as the call gets."""
        listed = list(all_)
        return islice(enumerate(listed), -(-len(listed) // 2) if self.breaks_off else None)

    def refuse_locked(self, index: int, number: str) -> None:
        if self.locked_every and index % self.locked_every == 0:
            raise RowRefusal(texts.locked(number, OTHER_USER))


class Operations:
    """Carries out the calls of configured APIs."""

    def __init__(self, saving: Saving, lifecycle: Lifecycle, querying: Querying, switches: Switches) -> None:
        self._saving = saving
        self._lifecycle = lifecycle
        self._querying = querying
        self._switches = switches

    def run(self, api: Api, body: Mapping[str, Any], trouble: Trouble) -> dict[str, Any]:
        """The answer to a call. Raises Refusal."""
        match api.operation:
            case Operation.QUERY:
                return envelope(self._querying.run(api, body))
            case Operation.INVENTORY | Operation.INVENTORY_SUM:
                return envelope(self._querying.inventory(body, summed=api.operation is Operation.INVENTORY_SUM))
            case Operation.SAVE:
                return self._save(api, body, trouble)
        return self._step(api, body, trouble)

    def bill_count(self, body: Mapping[str, Any]) -> int:
        """How many bills a call is about, for the processing time."""
        data = body.get("data")
        if isinstance(data, list):
            return len(data)
        named = [value for value in data.values() if isinstance(value, list)] if isinstance(data, dict) else []
        return len(named[0]) if named else 1

    def _save(self, api: Api, body: Mapping[str, Any], trouble: Trouble) -> dict[str, Any]:
        packets = body.get("data")
        if isinstance(packets, dict):
            packets = [packets]
        if not isinstance(packets, list) or not all(isinstance(packet, dict) for packet in packets):
            raise Refusal(Code.BAD_PARAMETER, texts.NO_DATA)
        rows = sum(1 + sum(len(value) for value in packet.values() if isinstance(value, list)) for packet in packets)
        if rows > self._switches.save_rows:
            raise Refusal(Code.INVALID, texts.volume(self._switches.save_rows))
        results = Results()
        for index, packet in trouble.bills(packets):
            self._save_one(api, index, packet, trouble, results)
        if trouble.breaks_off:
            raise Refusal(Code.INTERNAL, texts.INTERNAL)
        return self._told(results)

    def _save_one(self, api: Api, index: int, packet: Mapping[str, Any], trouble: Trouble, results: Results) -> None:
        keys = {key: str(packet[key]) for key in api.keys if packet.get(key) not in (None, "")}
        number = next(iter(keys.values()), "")
        try:
            trouble.refuse_locked(index, number)
            record, is_new = self._saving.save(api, packet)
        except RowRefusal as refusal:
            results.refused(index, refusal, number, keys=keys)
            return
        try:
            for operation in api.after_save:
                self._lifecycle.carry_out(operation, record)
        except RowRefusal as refusal:  # the bill stays where it got to
            results.refused(index, refusal, record.number, record.id, keys)
            return
        results.done(index, record.id, record.number, keys, "Add" if is_new else "Update")

    def _step(self, api: Api, body: Mapping[str, Any], trouble: Trouble) -> dict[str, Any]:
        given = body.get("data")
        if not isinstance(given, dict):
            raise Refusal(Code.BAD_PARAMETER, texts.NO_DATA)
        if not any(given.get(name) for name in api.filters):
            raise Refusal(Code.BAD_PARAMETER, texts.missing_parameter(" / ".join(api.filters)))
        records, text = self._querying.matching(api, given)
        if not records:
            raise Refusal(Code.NOT_FOUND, texts.NOT_FOUND)
        if len(records) > self._switches.operation_rows:
            raise Refusal(Code.INVALID, texts.volume(self._switches.operation_rows))
        results = Results()
        for index, record in trouble.bills(records):
            self._step_one(api.operation, index, record, trouble, results)
        if trouble.breaks_off:
            raise Refusal(Code.INTERNAL, texts.INTERNAL)
        return self._told(results, filter=text, totalCount=len(records))

    def _step_one(self, operation: Operation, index: int, record: Record, trouble: Trouble, results: Results) -> None:
        try:
            trouble.refuse_locked(index, record.number)
            self._lifecycle.carry_out(operation, record)
        except RowRefusal as refusal:
            results.refused(index, refusal, record.number, record.id)
            return
        results.done(index, record.id, record.number)

    def _told(self, results: Results, **more: Any) -> dict[str, Any]:
        data = results.data(**more)
        if results.failed and self._switches.partial_failure is PartialFailure.FAILURE:
            first = next(row["errors"][0]["rowMsg"][0] for row in results.rows if not row["billStatus"])
            return envelope(data, Code.UPDATE_FAILED, first)
        return envelope(data)
