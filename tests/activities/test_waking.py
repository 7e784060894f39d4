"""Waking who waits for a gap, however many they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from temporalio.service import RPCError, RPCStatusCode

from activities.waking import wake
from activities.workshop import Workshop
from domain import holds
from domain.decisions import GapClosed
from domain.documents import DocumentKey, DocumentState
from domain.journal import DocumentRecord

NOW = datetime(2026, 9, 1, tzinfo=UTC)
GAP = "connection:galaxy.main"


def waiting(number: int) -> DocumentRecord:
    return DocumentRecord(
        key=DocumentKey(flow="sales_outbound", connection="main", number=str(number)),
        version="v1",
        body="{}",
        platform_no="",
        shop="",
        warehouse="",
        state=DocumentState.HELD,
        seen_at=NOW,
        changed_at=NOW,
        hold=holds.connection_paused("galaxy.main", "session_lost", "x"),
    )


@dataclass
class Office:
    """Store and Temporal client in one. `gone`: workflows that have just ended; `down`: Temporal does not answer."""

    records: dict[DocumentKey, DocumentRecord]
    gone: set[str] = field(default_factory=set)
    down: bool = False
    read: list[int] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    async def waiting_for(self, gaps: Sequence[str]) -> list[DocumentKey]:
        assert list(gaps) == [GAP]
        return list(self.records)

    async def documents(self, keys: Sequence[DocumentKey]) -> dict[DocumentKey, DocumentRecord]:
        self.read.append(len(keys))
        return {key: self.records[key] for key in keys}

    def get_workflow_handle(self, workflow_id: str) -> Any:
        office = self

        class Handle:
            async def signal(self, name: str, news: GapClosed) -> None:
                assert (name, news.gap) == ("gap_closed", GAP)
                office.under_way += 1
                office.most = max(office.most, office.under_way)
                await asyncio.sleep(0)
                office.under_way -= 1
                if workflow_id in office.gone:
                    raise RPCError("ended", RPCStatusCode.NOT_FOUND, b"")
                if office.down:
                    raise RPCError("down", RPCStatusCode.UNAVAILABLE, b"")
                office.told.append(workflow_id)

        return Handle()


def office_of(documents: int, **more: Any) -> tuple[Workshop, Office]:
    office = Office({record.key: record for record in map(waiting, range(documents))}, **more)
    return cast(Workshop, type("Shop", (), {"store": office, "client": office})()), office


async def test_thousands_are_woken_portion_by_portion() -> None:
    shop, office = office_of(1234)
    assert await wake(shop, [GAP, GAP]) == 1234
    assert len(set(office.told)) == 1234
    assert max(office.read) <= 200, "their records are not all held at once"
    assert office.most <= 32


async def test_who_has_just_ended_waits_no_more() -> None:
    shop, office = office_of(3, gone={"sales_outbound:main:1"})
    assert await wake(shop, [GAP]) == 2
    assert len(office.told) == 2


async def test_temporal_that_does_not_answer_is_no_end() -> None:
    shop, _ = office_of(3, down=True)
    with pytest.raises(RPCError):
        await wake(shop, [GAP])


async def test_no_gap_wakes_nobody() -> None:
    shop, office = office_of(3)
    assert await wake(shop, []) == 0
    assert office.read == []
