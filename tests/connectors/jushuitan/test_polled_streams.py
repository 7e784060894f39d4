"""Streams by change, as intake polls them: where a poll begins, and what it remembers of how far it got."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.cursors import Position
from connectors.jushuitan.streams import OutboundStream, ReturnStream
from domain.faults import Fault
from domain.journal import Sighting
from sandbox.jushuitan.state import JushuitanState
from tests.connectors.jushuitan.kit import START, Clock, add_outbounds, with_tokens
from tests.connectors.scripted import Reply, ScriptedVendor

FLOW = "sales"
OVERLAP = 300


async def poll(
    stream: OutboundStream | ReturnStream, clock: Clock, cursor: str | None = None
) -> tuple[list[Sighting], Position]:
    """One poll up to now: what it saw and where it stands."""
    sightings: list[Sighting] = []
    async for window in stream.windows(FLOW, cursor, clock(), OVERLAP):
        sightings += window.sightings
        cursor = window.cursor or cursor
    assert cursor is not None
    return sightings, Position.model_validate_json(cursor)


@pytest.fixture
def outbounds(client: JushuitanClient) -> OutboundStream:
    return OutboundStream("main", client, START - timedelta(days=1))


async def test_a_poll_remembers_when_it_read_not_only_what_it_was_asked_for(
    merchant: JushuitanState, outbounds: OutboundStream, clock: Clock
) -> None:
    add_outbounds(merchant, 1)
    until, cursor = clock(), None
    clock.forward(minutes=20)
    async for window in outbounds.windows(FLOW, None, until, OVERLAP):
        cursor = window.cursor or cursor
    assert cursor is not None
    [mark] = Position.model_validate_json(cursor).feed("outbound").marks
    assert (mark.at, mark.read) == (until, until + timedelta(minutes=20))


@pytest.mark.parametrize("kind", [OutboundStream, ReturnStream])
async def test_where_reading_begins_is_kept_from_the_first_poll_on(
    client: JushuitanClient, clock: Clock, kind: type[OutboundStream | ReturnStream]
) -> None:
    """Nothing is seen for two days, and the worker is started anew each time: what changed meanwhile is not lost."""
    first, cursor = clock(), None
    for _ in range(3):
        _, position = await poll(kind("main", client, None), clock, cursor)
        assert position.since == first - timedelta(days=1)
        cursor = position.model_dump_json()
        clock.forward(days=1)


async def test_what_changed_between_two_starts_is_read_when_nothing_was_seen_before(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    _, position = await poll(OutboundStream("main", client, None), clock)
    ids = add_outbounds(merchant, 1)
    clock.forward(days=2)
    seen, _ = await poll(OutboundStream("main", client, None), clock, position.model_dump_json())
    assert [int(sighting.key.number) for sighting in seen] == ids


async def test_where_reading_begins_is_kept_even_if_the_first_poll_fails(
    scripted: ScriptedVendor, clock: Clock
) -> None:
    scripted.replies = [Reply(b"<html>", 502)]
    kept = Position()
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        with pytest.raises(Fault):
            async for window in OutboundStream("main", client, None).windows(FLOW, None, clock(), OVERLAP):
                kept = Position.of(window.cursor)
    assert kept.since == clock() - timedelta(days=1)


async def test_the_settings_say_where_reading_begins_until_something_was_seen(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    _, position = await poll(OutboundStream("main", client, None), clock)
    add_outbounds(merchant, 1)
    clock.forward(hours=2)
    later = OutboundStream("main", client, START + timedelta(hours=1))
    seen, _ = await poll(later, clock, position.model_dump_json())
    assert seen == []
