"""Streams by change, as intake polls them: where a poll begins, and what it remembers of how far it got."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.cursors import Position
from connectors.jushuitan.streams import OutboundStream, ReturnStream
from domain.journal import Sighting
from sandbox.jushuitan.state import JushuitanState
from tests.connectors.jushuitan.kit import START, Clock, add_outbounds

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
