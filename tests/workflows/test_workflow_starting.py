"""Starting what is due, whatever the source writes into its fields: one document does not keep the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.api import Started, StartStep
from activities.intake import IntakeActivities
from activities.retrying import Patience
from activities.starting import NOT_TAKEN
from activities.workshop import Route
from domain.documents import DocumentKey
from domain.journal import Outcome, Sighting
from store.migrate import migrate
from store.store import Store
from tests.workflows.house import QUEUES, House
from worker import catalogue
from workflows import attributes

FLOW = "sales_outbound"
STEP = StartStep(flow=FLOW, connection="main")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite:///{tmp_path / 'kingpost.db'}"
    await asyncio.to_thread(migrate, url)
    async with await Store.open(url) as opened:
        yield opened


async def start_documents(client: Any, store: Store) -> Started:
    """As a poll ends."""
    routes = {"main": Route(system="jushuitan", erp="main", bill_prefix="", queues=QUEUES)}
    shop: Any = SimpleNamespace(
        client=client, catalogue=catalogue(), routes=routes, store=store, patience=Patience(), accounts={}
    )
    return await ActivityEnvironment().run(IntakeActivities(shop).start_documents, STEP)


def seen(key: DocumentKey, **given: Any) -> Sighting:
    return Sighting(key=key, version="v1", body="{}", **given)


async def test_what_is_too_long_for_temporal_is_cut(dev: House, store: Store) -> None:
    """An order of many merged ones, a shop with a whole sentence for a name, a SKU with half a character."""
    paper = dev.paper()
    numbers = ",".join(f"4001234567890{n:06d}" for n in range(200))
    given = {"platform_no": numbers, "shop": "旗舰店" * 900, "warehouse": "仓" * 3000, "skus": ("A-\ud83d", "B\0")}
    await store.take_in([seen(paper.key, **given)], cursor=None)
    assert await start_documents(dev.client, store) == Started(started=1, told=0)
    assert await store.due(10) == []
    handle = dev.client.get_workflow_handle(paper.key.workflow_id)
    found = (await handle.describe()).typed_search_attributes
    assert found[attributes.PLATFORM_ORDER_NO] == numbers[:255]
    assert found[attributes.SHOP] == ("旗舰店" * 85)
    assert found[attributes.SKUS] == ["A-\\ud83d", "B\\u0000"]
    await handle.result()


async def test_a_document_that_temporal_refuses_is_told_of_once_and_the_others_start(dev: House, store: Store) -> None:
    refused = DocumentKey(flow=FLOW, connection="main", number="9" * 1200)
    papers = [dev.paper(), dev.paper()]
    await store.take_in([seen(refused), *(seen(paper.key) for paper in papers)], cursor=None)
    assert await start_documents(dev.client, store) == Started(started=2, told=0)
    assert await start_documents(dev.client, store) == Started(started=0, told=0)
    assert [due.key for due in await store.due(10)] == [refused], "it stays due"
    [row] = await store.timeline(refused)
    assert (row.entry.code, row.entry.outcome, row.entry.version) == (NOT_TAKEN, Outcome.FAILED, "v1")
    await store.take_in([Sighting(key=refused, version="v2", body="{}")], cursor=None)
    await start_documents(dev.client, store)
    assert [row.entry.version for row in await store.timeline(refused)] == ["v1", "v2"]
    for paper in papers:
        await dev.client.get_workflow_handle(paper.key.workflow_id).result()


class Crowded:
    """A Temporal client that refuses a share of all documents, or answers nobody."""

    def __init__(self, status: RPCStatusCode) -> None:
        self.status = status
        self.started: list[str] = []

    async def start_workflow(self, *_: Any, id: str, **__: Any) -> None:  # noqa: A002 - the client's own word
        if int(id[-1]) % 2:
            raise RPCError("no", self.status, b"")
        self.started.append(id)


async def test_more_refused_documents_than_are_read_at_a_time_do_not_hide_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.intake.AT_A_TIME", 3)
    keys = [DocumentKey(flow=FLOW, connection="main", number=number) for number in "13579" + "02468"]
    await store.take_in([seen(key) for key in keys], cursor=None)
    client = Crowded(RPCStatusCode.INVALID_ARGUMENT)
    assert await start_documents(client, store) == Started(started=5, told=0)
    assert sorted(due.key.number for due in await store.due(10)) == list("13579")


async def test_a_server_that_does_not_answer_fails_the_step(store: Store) -> None:
    keys = [DocumentKey(flow=FLOW, connection="main", number=number) for number in "12"]
    await store.take_in([seen(key) for key in keys], cursor=None)
    with pytest.raises(RPCError):
        await start_documents(Crowded(RPCStatusCode.UNAVAILABLE), store)
    assert [due.key.number for due in await store.due(10)] == ["1"], "the others are under way"
    assert await store.timeline(keys[0]) == []
