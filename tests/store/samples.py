"""Documents, steps and calls to test with, and a clock that stands still until it is told to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from domain.documents import DocumentKey, Hold, HoldReason, OwnerRole
from domain.exchanges import Exchange
from domain.journal import JournalEntry, Outcome, Sighting, Step

ROOT = Path(__file__).parents[2]

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Clock:
    """The time of a store under test."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> datetime:
        """Move on by so many seconds, hours, days; gives the new time."""
        self.now += timedelta(**time)
        return self.now


def key(number: str = "SO1", *, flow: str = "jst_order", connection: str = "shop_a") -> DocumentKey:
    return DocumentKey(flow=flow, connection=connection, number=number)


def sighting(number: str = "SO1", version: str = "v1", **more: Any) -> Sighting:
    given: dict[str, Any] = {"key": key(number), "version": version, "body": f'{{"at":"{version}"}}'} | more
    return Sighting(**given)


def entry(number: str = "SO1", step: Step = Step.FETCH, **more: Any) -> JournalEntry:
    given: dict[str, Any] = {"outcome": Outcome.DONE, "version": "v1", "zh": "已取数", "en": "Fetched"}
    return JournalEntry(**({"key": key(number), "step": step} | given | more))


def hold(gap: str | None = "mapping:sku:abc", **more: Any) -> Hold:
    given: dict[str, Any] = {"zh": "SKU 没有对应物料", "en": "SKU has no material", "owner": OwnerRole.MASTER_DATA}
    return Hold(**({"reason": HoldReason.MAPPING_MISSING, "gap": gap} | given | more))


def exchange(exchange_id: UUID | None = None, *, at: datetime = START, **more: Any) -> Exchange:
    given: dict[str, Any] = {"system": "galaxy", "operation": "SAL_OUTSTOCK BatchSave", "elapsed_ms": 120}
    given |= {"status": 200, "request": '{"a":1}', "response": "{}"}
    return Exchange(**({"id": exchange_id or uuid4(), "at": at} | given | more))
