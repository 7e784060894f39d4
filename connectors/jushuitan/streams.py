"""Streams of documents out of Jushuitan: what intake polls. A row is parsed no deeper than needed to know who it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.cursors import Feed, Position
from connectors.jushuitan.listings import OUTBOUNDS, RECEIVED
from connectors.jushuitan.pages import DateType, ts_of
from connectors.jushuitan.sightings import (
    Row,
    filled,
    ids_of,
    is_within,
    larger,
    moved_at,
    skus_of,
    stand_in,
    text_of,
    version_of,
)
from connectors.jushuitan.stock_streams import STOCK_STREAMS, StockStream
from connectors.jushuitan.subjects import STANDING, ReturnedGoods, ShippedOrder
from connectors.jushuitan.values import is_id
from domain import jsontext
from domain.documents import DocumentKey
from domain.journal import Sighting, Window
from domain.masking import mask

OUTBOUND = "jushuitan.outbound"
RETURN = "jushuitan.return"
MODELS: dict[str, type[BaseModel]] = {
    OUTBOUND: ShippedOrder,
    RETURN: ReturnedGoods,
    **{name: kind.model for name, kind in STOCK_STREAMS.items()},
}
"""The model of each stream, against which flow files are checked."""

_SHIPPED = ("Confirmed", "Archive", "Cancelled", "Delete")
"""Before these an outbound has not moved any goods and is nobody's business yet (jushuitan.md §10.2)."""
_IDS = 50


def streams_of(
    connection: str, client: JushuitanClient, since: datetime | None
) -> dict[str, OutboundStream | ReturnStream | StockStream]:
    """Every stream of one connection. `since`: where the very first poll starts; None: a day before it."""
    return {
        OUTBOUND: OutboundStream(connection, client, since),
        RETURN: ReturnStream(connection, client, since),
        **{name: StockStream(connection, client, since, kind) for name, kind in STOCK_STREAMS.items()},
    }


class OutboundStream:
    """Sales outbounds, by row version."""

    model = ShippedOrder

    def __init__(self, connection: str, client: JushuitanClient, since: datetime | None) -> None:
        self._connection, self._client, self._since = connection, client, since

    async def windows(self, flow: str, cursor: str | None, until: datetime, overlap: int) -> AsyncIterator[Window]:
        """Page by page; the cursor comes with the end."""
        position = Position.of(cursor)
        since = position.beginning(self._since, until)
        if cursor is None:
            yield _begun(since)
        feed, seen = position.feed("outbound"), None
        start = feed.start(overlap)
        pages = (
            self._client.outbounds(window=(feed.window_start(overlap, since), until))
            if start is None
            else self._client.outbounds(start_ts=start)
        )
        async for page in pages:
            seen = larger(seen, page.next_ts)
            yield Window(sightings=tuple(self._sightings(flow, page.rows)), cursor=None)
        after = Position(feeds={"outbound": feed.after(until, self._client.now(), overlap, seen)}, since=since)
        yield Window(sightings=(), cursor=after.model_dump_json())

    async def count(self, begin: datetime, end: datetime) -> int:
        """How many outbounds left in a span of time, as the vendor announces it."""
        return await self._client.count(OUTBOUNDS, (begin, end), DateType.SHIPPED)

    async def dated(self, flow: str, begin: datetime, end: datetime) -> AsyncIterator[tuple[Sighting, ...]]:
        """Outbounds that left at `begin` or later and before `end`, page by page."""
        async for page in self._client.outbounds(window=(begin, end), dates=DateType.SHIPPED):
            rows = [row for row in page.rows if is_within(moved_at([row]), begin, end)]
            yield tuple(self._sightings(flow, rows))

    async def several(self, flow: str, numbers: Sequence[str]) -> list[Sighting]:
        """The outbounds of these numbers as they are now; those that are not there are left out."""
        ids = ids_of(numbers)
        if not ids:
            return []
        found: dict[str, Sighting] = {}
        async for page in self._client.outbounds(io_ids=ids):
            found |= {sighting.key.number: sighting for sighting in self._sightings(flow, page.rows)}
        return [found[number] for number in numbers if number in found]

    async def one(self, flow: str, number: str) -> Sighting | None:
        """The outbound as it is now."""
        return next(iter(await self.several(flow, [number])), None)

    def _sightings(self, flow: str, rows: Iterable[dict[str, Any]]) -> Iterable[Sighting]:
        for row in rows:
            if text_of(row, "status") not in ("", *_SHIPPED):
                continue
            number = text_of(row, "io_id") or stand_in(row, "io_id")
            body = mask(row)
            yield Sighting(
                key=DocumentKey(flow=flow, connection=self._connection, number=number),
                version=version_of(ShippedOrder, body),
                body=jsontext.dumps(body),
                platform_no=text_of(row, "so_id"),
                shop=text_of(row, "shop_name"),
                warehouse=text_of(row, "wms_co_id"),
                related=filled(text_of(row, "o_id")),
                skus=skus_of(row),
                order=ts_of(row),
            )


class ReturnStream:
    """Refunds together with the goods received for them; a change of either shows the return anew."""

    model = ReturnedGoods

    def __init__(self, connection: str, client: JushuitanClient, since: datetime | None) -> None:
        self._connection, self._client, self._since = connection, client, since

    async def windows(self, flow: str, cursor: str | None, until: datetime, overlap: int) -> AsyncIterator[Window]:
        """Touched returns, as many at a time as the vendor answers by id; the cursor comes with the end."""
        position = Position.of(cursor)
        since = position.beginning(self._since, until)
        if cursor is None:
            yield _begun(since)
        feeds: dict[str, Feed] = {}
        touched: dict[str, None] = {}
        aside: list[Sighting] = []
        for name, read in (("refund", self._client.refunds), ("received", self._client.received)):
            feed, seen = position.feed(name), None
            start = feed.start(overlap)
            begin = feed.window_start(overlap, since)
            pages = read(window=(begin, until)) if start is None else read(start_ts=start)
            async for page in pages:
                seen = larger(seen, page.next_ts)
                touched.update(_named(page.rows))
                aside += self._unnamed(flow, name, page.rows)
            feeds[name] = feed.after(until, self._client.now(), overlap, seen)
        if aside:
            yield Window(sightings=tuple(aside), cursor=None)
        ids = list(touched)
        for i in range(0, len(ids), _IDS):
            yield Window(sightings=tuple(await self._combined(flow, ids[i : i + _IDS])), cursor=None)
        yield Window(sightings=(), cursor=Position(feeds=feeds, since=since).model_dump_json())

    async def count(self, begin: datetime, end: datetime) -> int:
        """How many receipts of goods fall into a span of time, as the vendor announces it."""
        return await self._client.count(RECEIVED, (begin, end), DateType.MOVED)

    async def dated(self, flow: str, begin: datetime, end: datetime) -> AsyncIterator[tuple[Sighting, ...]]:
        """Returns whose goods were all in at `begin` or later and before `end`, page by page."""
        touched: dict[str, None] = {}
        async for page in self._client.received(window=(begin, end), dates=DateType.MOVED):
            fresh = _named(page.rows)
            ids = [as_id for as_id in fresh if as_id not in touched]
            touched |= fresh
            refunds, received = await self._rows(ids)
            moved = [row for row in page.rows if is_within(moved_at([row]), begin, end)]
            yield (
                *(
                    self._sighting(flow, row, received.get(as_id, {}), as_id)
                    for as_id, row in refunds.items()
                    if is_within(moved_at(received.get(as_id, {}).values()), begin, end)
                ),
                *self._unnamed(flow, "received", moved),
            )

    async def several(self, flow: str, numbers: Sequence[str]) -> list[Sighting]:
        """The returns of these numbers as they are now; those that are not there are left out."""
        return await self._combined(flow, numbers)

    async def one(self, flow: str, number: str) -> Sighting | None:
        """The return as it is now."""
        return next(iter(await self._combined(flow, [number])), None)

    async def _combined(self, flow: str, as_ids: Sequence[str]) -> list[Sighting]:
        refunds, received = await self._rows(as_ids)
        return [self._sighting(flow, row, received.get(as_id, {}), as_id) for as_id, row in refunds.items()]

    async def _rows(self, as_ids: Sequence[str]) -> tuple[dict[str, Row], dict[str, dict[str, Row]]]:
        """Refunds by their id, and the goods received for each by the receipt's id."""
        ids = ids_of(as_ids)
        if not ids:
            return {}, {}
        answered = [row async for page in self._client.refunds(as_ids=ids) for row in page.rows]
        refunds = {as_id: row for row in answered if (as_id := text_of(row, "as_id"))}
        received: dict[str, dict[str, Row]] = {}
        async for page in self._client.received(as_ids=ids):
            for row in page.rows:
                io_id = text_of(row, "io_id") or jsontext.dumps(row, sort_keys=True)
                received.setdefault(text_of(row, "as_id"), {})[io_id] = row
        return refunds, received

    def _unnamed(self, flow: str, feed: str, rows: Iterable[Row]) -> list[Sighting]:
        """Rows that name no return the vendor can be asked for, each a document of its own: somebody has to see it."""
        found: list[Sighting] = []
        for row in rows:
            as_id = text_of(row, "as_id")
            if is_id(as_id) or (feed == "received" and text_of(row, "status") not in ("", *STANDING)):
                continue
            refund, received = (row, {}) if feed == "refund" else ({"as_id": row.get("as_id")}, {"": row})
            found.append(self._sighting(flow, refund, received, as_id or stand_in(row, "as_id")))
        return found

    def _sighting(
        self, flow: str, refund: dict[str, Any], received: dict[str, dict[str, Any]], number: str
    ) -> Sighting:
        body = mask({"refund": refund, "received": [received[io_id] for io_id in sorted(received)]})
        return Sighting(
            key=DocumentKey(flow=flow, connection=self._connection, number=number),
            version=version_of(ReturnedGoods, body),
            body=jsontext.dumps(body),
            platform_no=text_of(refund, "so_id"),
            shop=text_of(refund, "shop_name"),
            warehouse=text_of(refund, "wms_co_id"),
            related=filled(text_of(refund, "outer_as_id"), text_of(refund, "o_id")),
            skus=skus_of(refund),
            order=max((ts for row in (refund, *received.values()) if (ts := ts_of(row)) is not None), default=None),
        )


def _begun(since: datetime) -> Window:
    """Where reading begins, kept before anything is read: the first poll may fail for days."""
    return Window(sightings=(), cursor=Position(since=since).model_dump_json())


def _named(rows: Iterable[Row]) -> dict[str, None]:
    """The returns that rows name, in order."""
    return {as_id: None for row in rows if is_id(as_id := text_of(row, "as_id"))}
