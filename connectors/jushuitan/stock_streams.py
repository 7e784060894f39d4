"""Streams of stock documents: counts, other in/out, transfers, purchases in and back (requirements F10 and F11)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel

from connectors.jushuitan.client import JushuitanClient, about
from connectors.jushuitan.cursors import Feed, Position
from connectors.jushuitan.listings import COUNTS, OTHERS, PURCHASE_INS, PURCHASE_RETURNS, TRANSFERS, Listing
from connectors.jushuitan.pages import DateType, Page
from connectors.jushuitan.sightings import (
    Row,
    filled,
    ids_of,
    is_within,
    larger,
    moved_at,
    order_of,
    skus_of,
    stand_in,
    text_of,
    version_of,
)
from connectors.jushuitan.stock_models import StockStatus
from connectors.jushuitan.stock_subjects import (
    CountedStock,
    OtherMovement,
    PurchaseReceipt,
    PurchaseReturned,
    TransferHalf,
)
from domain import jsontext
from domain.documents import DocumentKey, Frozen
from domain.journal import Sighting, Window
from domain.masking import mask

COUNT = "jushuitan.count"
OTHER = "jushuitan.other"
TRANSFER = "jushuitan.transfer"
PURCHASE_IN = "jushuitan.purchase_in"
PURCHASE_RETURN = "jushuitan.purchase_return"

_SETTLED = tuple(status.value for status in StockStatus if status.took_effect or status.was_taken_back)
"""Before these a stock document has not moved any goods and is nobody's business yet."""


@dataclass(frozen=True, slots=True)
class StockKind:
    """One kind of stock document as a stream.

    Attributes:
        asked: conditions of every query.
        has_cursor: whether it is read by row version. The others are read by time of change, with an overlap.
        has_dates: whether it can be asked for by the time the goods moved.
        related: further numbers people search by.
    """

    listing: Listing
    model: type[BaseModel]
    asked: Mapping[str, Any] = field(default_factory=dict)
    has_cursor: bool = False
    has_dates: bool = True
    related: tuple[str, ...] = ()


STOCK_STREAMS: Mapping[str, StockKind] = {
    COUNT: StockKind(COUNTS, CountedStock, has_dates=False),
    OTHER: StockKind(OTHERS, OtherMovement, has_cursor=True),
    TRANSFER: StockKind(TRANSFERS, TransferHalf, related=("link_io_id", "out_io_id")),
    # By row version this query shows only what stands, so that a cancellation would never be seen.
    PURCHASE_IN: StockKind(
        PURCHASE_INS, PurchaseReceipt, asked={"statuss": list(_SETTLED)}, related=("po_id", "out_io_id")
    ),
    PURCHASE_RETURN: StockKind(PURCHASE_RETURNS, PurchaseReturned, related=("po_id", "out_io_id")),
}


class Reached(Frozen):
    """How far a stream has been read; stored as JSON.

    Attributes:
        until: the end of the last window of time; None where it is read by row version.
        feed: the marks of row versions, where it is read by them.
        since: what changed before is left alone; kept from the first poll on.
    """

    until: AwareDatetime | None = None
    feed: Feed = Feed()
    since: AwareDatetime | None = None


class StockStream:
    """Stock documents of one kind; one document is one row, whatever its number of lines."""

    def __init__(self, connection: str, client: JushuitanClient, since: datetime | None, kind: StockKind) -> None:
        self._connection, self._client, self._since, self._kind = connection, client, since, kind

    @property
    def model(self) -> type[BaseModel]:
        return self._kind.model

    async def windows(self, flow: str, cursor: str | None, until: datetime, overlap: int) -> AsyncIterator[Window]:
        """Page by page; the cursor comes with the end."""
        reached = Reached.model_validate_json(cursor) if cursor else Reached()
        since = Position(since=reached.since).beginning(self._since, until)
        if cursor is None:
            # Kept before anything is read: the first poll may fail for days.
            yield Window(sightings=(), cursor=Reached(since=since).model_dump_json())
        seen: int | None = None
        async for page in self._since_then(reached, since, until, overlap):
            seen = larger(seen, page.next_ts)
            yield Window(sightings=tuple(self._sightings(flow, page.rows)), cursor=None)
        after = Reached(until=until, since=since)
        if self._kind.has_cursor:
            after = Reached(feed=reached.feed.after(until, self._client.now(), overlap, seen), since=since)
        yield Window(sightings=(), cursor=after.model_dump_json())

    async def count(self, begin: datetime, end: datetime) -> int:
        """How many documents moved goods in a span of time, as the vendor announces it.

        Counts of stock cannot be asked for by that time: all that were changed in it are counted.
        """
        return await self._client.count(self._kind.listing, (begin, end), self._dates)

    async def dated(self, flow: str, begin: datetime, end: datetime) -> AsyncIterator[tuple[Sighting, ...]]:
        """Documents whose goods moved at `begin` or later and before `end`, page by page."""
        # Whatever moved in the span was changed at its begin or later, possibly long after its end.
        last = end if self._kind.has_dates else max(end, self._client.now())
        asked = {**self._kind.asked, **about(self._dates)}
        async for page in self._client.read(self._kind.listing, asked, window=(begin, last)):
            rows = [row for row in page.rows if is_within(moved_at([row]), begin, end)]
            yield tuple(self._sightings(flow, rows))

    async def several(self, flow: str, numbers: Sequence[str]) -> list[Sighting]:
        """The documents of these numbers as they are now; those that are not there are left out."""
        ids = ids_of(numbers)
        if not ids:
            return []
        found: dict[str, Sighting] = {}
        async for page in self._client.read(self._kind.listing, self._kind.asked, ids={"io_ids": ids}):
            found |= {sighting.key.number: sighting for sighting in self._sightings(flow, page.rows)}
        return [found[number] for number in numbers if number in found]

    async def one(self, flow: str, number: str) -> Sighting | None:
        """The document as it is now."""
        return next(iter(await self.several(flow, [number])), None)

    @property
    def _dates(self) -> DateType:
        return DateType.SHIPPED if self._kind.has_dates else DateType.MODIFIED

    def _since_then(self, reached: Reached, since: datetime, until: datetime, overlap: int) -> AsyncIterator[Page]:
        listing, asked = self._kind.listing, self._kind.asked
        if not self._kind.has_cursor:
            begin = since
            if reached.until is not None:
                begin = max(begin, reached.until - timedelta(seconds=overlap))
            return self._client.read(listing, asked, window=(min(begin, until), until))
        start = reached.feed.start(overlap)
        if start is not None:
            return self._client.read(listing, asked, start_ts=start)
        return self._client.read(listing, asked, window=(reached.feed.window_start(overlap, since), until))

    def _sightings(self, flow: str, rows: Iterable[Row]) -> Iterable[Sighting]:
        for row in rows:
            if text_of(row, "status") not in ("", *_SETTLED):
                continue
            number = text_of(row, "io_id") or stand_in(row, "io_id")
            body = mask(row)
            yield Sighting(
                key=DocumentKey(flow=flow, connection=self._connection, number=number),
                version=version_of(self._kind.model, body),
                body=jsontext.dumps(body),
                platform_no=text_of(row, "so_id"),
                warehouse=text_of(row, "wms_co_id"),
                related=filled(*(text_of(row, name) for name in self._kind.related)),
                skus=skus_of(row),
                order=order_of(row),
            )
