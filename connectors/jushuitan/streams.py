"""Streams of documents out of Jushuitan: what intake polls. A row is parsed no deeper than needed to know who it is."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from connectors.jushuitan.client import OUTBOUNDS, RECEIVED, JushuitanClient
from connectors.jushuitan.cursors import Feed, Position
from connectors.jushuitan.pages import DateType, ts_of
from connectors.jushuitan.subjects import STANDING, ReturnedGoods, ShippedOrder
from connectors.jushuitan.values import is_id, moment_of
from domain import jsontext
from domain.documents import DocumentKey
from domain.journal import Sighting, Window
from domain.masking import mask

OUTBOUND = "jushuitan.outbound"
RETURN = "jushuitan.return"
MODELS: dict[str, type[BaseModel]] = {OUTBOUND: ShippedOrder, RETURN: ReturnedGoods}
"""The model of each stream, against which flow files are checked."""

_SHIPPED = ("Confirmed", "Archive", "Cancelled", "Delete")
"""Before these an outbound has not moved any goods and is nobody's business yet (jushuitan.md §10.2)."""
_IDS = 50
_Row = dict[str, Any]
"""A row as the vendor sent it."""


_BESIDE = frozenset(
    (
        *("modified", "created", "labels", "order_labels", "seller_flag", "remark", "node", "name", "properties_value"),
        *("weight", "f_weight", "shop_status", "order_status", "question_type", "aftersale_remark", "confirm_date"),
        *("pay_amount", "paid_amount", "pay_date", "payment", "refund_version", "business_staff"),
        *("logistics_company", "lc_id", "lc_name"),
    )
)
"""Fields that people and platforms change on a finished document without meaning its goods or money: a posted bill is
not reversed for a note."""


def version_of(model: type[BaseModel], body: Any) -> str:
    """Changes exactly when something that may matter to a bill changes.

    A row the model does not understand is versioned as a whole, so that any correction of it is seen.
    """
    try:
        text = jsontext.dumps(_plain(model.model_validate(body).model_dump()))
    except ValidationError:
        text = jsontext.dumps(body, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _stand_in(row: _Row, key: str) -> str:
    """The number of a document whose row lacks its own: the same for the same content, however often it is read."""
    content = _plain({name: value for name, value in mask(row).items() if name != "ts"})
    return f"without-{key}-{hashlib.sha256(jsontext.dumps(content, sort_keys=True).encode()).hexdigest()[:16]}"


def _plain(value: Any) -> Any:
    """A value in one spelling: 3, 3.0 and "3.00" are the same quantity."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if name not in _BESIDE}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, datetime) else value


def streams_of(
    connection: str, client: JushuitanClient, since: datetime | None
) -> dict[str, OutboundStream | ReturnStream]:
    """Every stream of one connection. `since`: where the very first poll starts; None: a day before it."""
    return {
        OUTBOUND: OutboundStream(connection, client, since),
        RETURN: ReturnStream(connection, client, since),
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
            seen = _larger(seen, page.next_ts)
            yield Window(sightings=tuple(self._sightings(flow, page.rows)), cursor=None)
        after = Position(feeds={"outbound": feed.after(until, self._client.now(), overlap, seen)}, since=since)
        yield Window(sightings=(), cursor=after.model_dump_json())

    async def count(self, begin: datetime, end: datetime) -> int:
        """How many outbounds left in a span of time, as the vendor announces it."""
        return await self._client.count(OUTBOUNDS, (begin, end), DateType.SHIPPED)

    async def dated(self, flow: str, begin: datetime, end: datetime) -> AsyncIterator[tuple[Sighting, ...]]:
        """Outbounds that left at `begin` or later and before `end`, page by page."""
        async for page in self._client.outbounds(window=(begin, end), dates=DateType.SHIPPED):
            rows = [row for row in page.rows if _within(_moved([row]), begin, end)]
            yield tuple(self._sightings(flow, rows))

    async def several(self, flow: str, numbers: Sequence[str]) -> list[Sighting]:
        """The outbounds of these numbers as they are now; those that are not there are left out."""
        ids = _ids(numbers)
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
            if _text(row, "status") not in ("", *_SHIPPED):
                continue
            number = _text(row, "io_id") or _stand_in(row, "io_id")
            body = mask(row)
            yield Sighting(
                key=DocumentKey(flow=flow, connection=self._connection, number=number),
                version=version_of(ShippedOrder, body),
                body=jsontext.dumps(body),
                platform_no=_text(row, "so_id"),
                shop=_text(row, "shop_name"),
                warehouse=_text(row, "wms_co_id"),
                related=_filled(_text(row, "o_id")),
                skus=_skus(row),
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
                seen = _larger(seen, page.next_ts)
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
            moved = [row for row in page.rows if _within(_moved([row]), begin, end)]
            yield (
                *(
                    self._sighting(flow, row, received.get(as_id, {}), as_id)
                    for as_id, row in refunds.items()
                    if _within(_moved(received.get(as_id, {}).values()), begin, end)
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

    async def _rows(self, as_ids: Sequence[str]) -> tuple[dict[str, _Row], dict[str, dict[str, _Row]]]:
        """Refunds by their id, and the goods received for each by the receipt's id."""
        ids = _ids(as_ids)
        if not ids:
            return {}, {}
        answered = [row async for page in self._client.refunds(as_ids=ids) for row in page.rows]
        refunds = {as_id: row for row in answered if (as_id := _text(row, "as_id"))}
        received: dict[str, dict[str, _Row]] = {}
        async for page in self._client.received(as_ids=ids):
            for row in page.rows:
                io_id = _text(row, "io_id") or jsontext.dumps(row, sort_keys=True)
                received.setdefault(_text(row, "as_id"), {})[io_id] = row
        return refunds, received

    def _unnamed(self, flow: str, feed: str, rows: Iterable[_Row]) -> list[Sighting]:
        """Rows that name no return the vendor can be asked for, each a document of its own: somebody has to see it."""
        found: list[Sighting] = []
        for row in rows:
            as_id = _text(row, "as_id")
            if is_id(as_id) or (feed == "received" and _text(row, "status") not in ("", *STANDING)):
                continue
            refund, received = (row, {}) if feed == "refund" else ({"as_id": row.get("as_id")}, {"": row})
            found.append(self._sighting(flow, refund, received, as_id or _stand_in(row, "as_id")))
        return found

    def _sighting(
        self, flow: str, refund: dict[str, Any], received: dict[str, dict[str, Any]], number: str
    ) -> Sighting:
        body = mask({"refund": refund, "received": [received[io_id] for io_id in sorted(received)]})
        return Sighting(
            key=DocumentKey(flow=flow, connection=self._connection, number=number),
            version=version_of(ReturnedGoods, body),
            body=jsontext.dumps(body),
            platform_no=_text(refund, "so_id"),
            shop=_text(refund, "shop_name"),
            warehouse=_text(refund, "wms_co_id"),
            related=_filled(_text(refund, "outer_as_id"), _text(refund, "o_id")),
            skus=_skus(refund),
            order=max((ts for row in (refund, *received.values()) if (ts := ts_of(row)) is not None), default=None),
        )


def _begun(since: datetime) -> Window:
    """Where reading begins, kept before anything is read: the first poll may fail for days."""
    return Window(sightings=(), cursor=Position(since=since).model_dump_json())


def _larger(seen: int | None, ts: int | None) -> int | None:
    return max((t for t in (seen, ts) if t is not None), default=None)


def _named(rows: Iterable[_Row]) -> dict[str, None]:
    """The returns that rows name, in order."""
    return {as_id: None for row in rows if is_id(as_id := _text(row, "as_id"))}


def _ids(numbers: Iterable[str]) -> list[int]:
    """What the vendor can be asked for; it has no document of any other number."""
    return [int(number) for number in numbers if is_id(number)]


def _moved(rows: Iterable[_Row]) -> datetime | None:
    """When the last of the goods moved, by the rows that stand, or by all when none does."""
    moments = [(str(row.get("status")) in STANDING, moment_of(row.get("io_date"))) for row in rows]
    standing = [moment for stands, moment in moments if stands and moment is not None]
    return max(standing or [moment for _, moment in moments if moment is not None], default=None)


def _within(moment: datetime | None, begin: datetime, end: datetime) -> bool:
    """A row whose time nobody can read is not left out for that: somebody has to see it."""
    return moment is None or begin <= moment < end


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _filled(*values: str) -> tuple[str, ...]:
    return tuple(value for value in values if value)


def _skus(row: dict[str, Any]) -> tuple[str, ...]:
    items = row.get("items")
    rows = items if isinstance(items, list) else []
    found = (str(item.get("sku_id")) for item in rows if isinstance(item, dict) and item.get("sku_id"))
    return tuple(dict.fromkeys(found))
