"""Calls of one Jushuitan merchant. Queries: by cursor, by time window, by id (sections 3, 7, 8 and 10)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx

from connectors.http import Transport
from connectors.jushuitan.access import JushuitanAccess
from connectors.jushuitan.listings import (
    OUTBOUNDS,
    PURCHASE_INS,
    PURCHASE_INS_NEWER,
    RECEIVED,
    REFUNDS,
    SHOPS,
    WAREHOUSES,
    Listing,
)
from connectors.jushuitan.pages import Answer, DateType, Page, Seen, spans
from connectors.jushuitan.replies import SYSTEM, JushuitanCode, accepted, fault
from connectors.jushuitan.signing import signed
from connectors.jushuitan.tokens import Tokens, TokenVault
from connectors.jushuitan.values import CHINA
from connectors.limits import Limits
from domain import jsontext
from domain.faults import Fault, FaultKind
from domain.pace import Pace


class JushuitanClient:
    """One connection. All streams of it share its limits and its token.

    A query is given exactly one of `start_ts` (cursor), `window` (times of change) or ids.

    * Cursor: rows with that row version or a later one, oldest first, until there is no later one. Nothing is lost
      when rows change meanwhile; the last row of one read is the first of the next.
    * Window of a time (`dates`): both ends included; longer ones are read in parts. A window that fails on any page,
      or yields fewer documents than announced, fails as a whole: begin it anew, and do not move on.
    * Every document comes once, and again only in a newer version.

    Args:
        vault: where tokens are kept; by default nowhere beyond the process.
        pace: the line of all processes that call this merchant; by default this process keeps its own.
        transport: how calls travel; by default as `access` says.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        access: JushuitanAccess,
        *,
        vault: TokenVault | None = None,
        pace: Pace | None = None,
        transport: Transport | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._access = access
        self._now = now
        self._transport = transport or Transport(
            SYSTEM,
            limits=Limits(per_second=access.per_second, per_minute=access.per_minute, pace=pace),
            connect_timeout=access.connect_timeout,
            read_timeout=access.read_timeout,
            ca=access.ca,
            status_fault=_status_fault,
        )
        self.tokens = Tokens(access, self._transport, vault, now=now)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def access(self) -> JushuitanAccess:
        """The settings of this connection."""
        return self._access

    @property
    def counts_refusals(self) -> bool:
        """No account is locked for a wrong signature or an old token."""
        return False

    async def probe(self) -> None:
        """Ask for one shop, whatever comes of it. Raises `Fault`."""
        await self.call(SHOPS.path, {"page_index": 1, "page_size": 1})

    def outbounds(
        self,
        *,
        start_ts: int | None = None,
        window: tuple[datetime, datetime] | None = None,
        dates: DateType = DateType.MODIFIED,
        io_ids: Sequence[int] = (),
        with_finance: bool = True,
    ) -> AsyncIterator[Page]:
        """Sales outbounds (section 10.2). `with_finance` asks for the cross-border finance and logistics as well."""
        asked = {"is_get_cbfinance": with_finance, "is_get_cblogistic": with_finance, **about(dates)}
        return self.read(OUTBOUNDS, asked, start_ts, window, {"io_ids": io_ids})

    def refunds(
        self,
        *,
        start_ts: int | None = None,
        window: tuple[datetime, datetime] | None = None,
        as_ids: Sequence[int] = (),
    ) -> AsyncIterator[Page]:
        """After-sales documents (section 10.3)."""
        return self.read(REFUNDS, {}, start_ts, window, {"as_ids": as_ids})

    def received(
        self,
        *,
        start_ts: int | None = None,
        window: tuple[datetime, datetime] | None = None,
        dates: DateType = DateType.MODIFIED,
        io_ids: Sequence[int] = (),
        as_ids: Sequence[int] = (),
    ) -> AsyncIterator[Page]:
        """Returned goods really received (section 10.4)."""
        ids = {"io_ids": io_ids, "as_ids": as_ids}
        return self.read(RECEIVED, about(dates), start_ts, window, ids)

    async def count(self, listing: Listing, window: tuple[datetime, datetime], dates: DateType) -> int:
        """How many documents a query announces for a window; 0 when the vendor announces nothing."""
        announced = 0
        for part in self._parts(listing, window):
            biz = {**part, **about(dates), listing.index: 1, "page_size": 1, "is_get_total": True}
            announced += (await self._answer(listing, biz)).total or 0
        return announced

    async def shops(self) -> list[dict[str, Any]]:
        """All enabled shops (section 8.1)."""
        return await self._all(SHOPS)

    async def warehouses(self) -> list[dict[str, Any]]:
        """All enabled warehouses (section 8.2)."""
        return await self._all(WAREHOUSES)

    def now(self) -> datetime:
        """The present moment, in the zone of the wire."""
        return datetime.fromtimestamp(self._now(), CHINA)

    def read(
        self,
        listing: Listing,
        asked: Mapping[str, Any],
        start_ts: int | None = None,
        window: tuple[datetime, datetime] | None = None,
        ids: Mapping[str, Sequence[int | str]] | None = None,
    ) -> AsyncIterator[Page]:
        """Pages of any query, in one of the three ways.

        Purchase receipts are asked for by the path that the connection's settings name.

        Args:
            asked: conditions that hold besides.
            ids: values by the name of the id list; one list at a time, cut to what a call may ask for.
        """
        given = {name: tuple(dict.fromkeys(values)) for name, values in (ids or {}).items() if values}
        if (start_ts is not None) + (window is not None) + len(given) != 1:
            raise ValueError("a query needs exactly one of start_ts, window and ids")
        if start_ts is not None:
            return self._by_cursor(listing, asked, start_ts)
        parts = self._parts(listing, window) if window is not None else []
        for name, values in given.items():
            for start in range(0, len(values), listing.ids):
                some = values[start : start + listing.ids]
                parts.append({name: ",".join(map(str, some)) if listing.ids_as_text else some})
        return self._by_parts(listing, [{**asked, **part} for part in parts])

    def _path(self, listing: Listing) -> str:
        newer = listing is PURCHASE_INS and self._access.newer_purchase_in
        return PURCHASE_INS_NEWER.path if newer else listing.path

    async def call(self, path: str, biz: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
        """One business call; answers the whole accepted reply.

        Repeated once with a renewed token, and once with the time read again: in both cases the vendor looked no
        further than at who calls. Nothing else is repeated. Raises `Fault`.
        """
        token = await self.tokens.current()
        renewed = clock_read_again = False
        while True:
            try:
                return await self._once(path, biz, token)
            except Fault as refused:
                if refused.code == JushuitanCode.TOKEN_REFUSED and not renewed:
                    token = await self.tokens.renew(token)
                    renewed = True
                elif refused.code == JushuitanCode.CLOCK and not clock_read_again:
                    clock_read_again = True
                else:
                    raise

    def _parts(self, listing: Listing, window: tuple[datetime, datetime]) -> list[dict[str, Any]]:
        return [
            {listing.begin: self._wire(begin), listing.end: self._wire(end, round_up=True)}
            for begin, end in spans(*window)
        ]

    async def _by_parts(self, listing: Listing, parts: Sequence[Mapping[str, Any]]) -> AsyncIterator[Page]:
        seen = Seen(*listing.keys)
        for part in parts:
            async for page in self._by_pages(listing, part, seen):
                yield page

    async def _by_cursor(self, listing: Listing, asked: Mapping[str, Any], start: int) -> AsyncIterator[Page]:
        """From row version to row version: always page 1, so that no page can shift."""
        seen = Seen(*listing.keys)
        while True:
            biz = {**asked, listing.cursor: start, listing.index: 1, "page_size": self._page_size(listing)}
            answer = await self._answer(listing, {**biz, "is_get_total": False})
            rows = seen.fresh(answer.rows)
            went_on = seen.top is not None and seen.top > start
            if rows:
                yield Page(rows, seen.top, has_next=went_on)
            if seen.top is None or not went_on:
                return
            start = seen.top

    async def _by_pages(self, listing: Listing, asked: Mapping[str, Any], seen: Seen) -> AsyncIterator[Page]:
        """Page after page, checked against the largest total announced on the way.

        A row that leaves the window while it is read shifts the ones behind it; then fewer come than were announced.
        """
        here = Seen(*listing.keys)
        announced, index = 0, 0
        while True:
            index += 1
            biz = {**asked, listing.index: index, "page_size": self._page_size(listing), "is_get_total": True}
            answer = await self._answer(listing, biz)
            here.fresh(answer.rows)
            announced = max(announced, answer.total or 0)
            more = answer.has_next and bool(answer.rows)
            if not more and len(here) < announced:
                message = f"{listing.path} announced {announced} documents and gave {len(here)}"
                raise fault(FaultKind.TRANSIENT, JushuitanCode.PAGES_DRIFTED, message)
            if rows := seen.fresh(answer.rows):
                yield Page(rows, seen.top, has_next=more)
            if not more:
                return

    async def _all(self, listing: Listing) -> list[dict[str, Any]]:
        return [row async for page in self._by_pages(listing, {}, Seen(*listing.keys)) for row in page.rows]

    def _page_size(self, listing: Listing) -> int:
        return listing.page or self._access.page_size

    async def _answer(self, listing: Listing, biz: Mapping[str, Any]) -> Answer:
        reply = await self.call(self._path(listing), biz)
        data = reply if listing.bare else reply.get("data")
        return Answer.of(data if isinstance(data, Mapping) else {}, listing.rows)

    async def _once(self, path: str, biz: Mapping[str, Any] | Sequence[Any], token: str) -> dict[str, Any]:
        form = {
            "app_key": self._access.app_key,
            "access_token": token,
            "timestamp": str(int(self._now())),
            "charset": "utf-8",
            "version": "2",
            "biz": jsontext.dumps(biz),
        }
        return await self._transport.ask(
            "POST",
            path,
            self._access.business(path),
            data=signed(form, self._access.app_secret.get_secret_value()),
            judge=self._accepted,
        )

    def _accepted(self, response: httpx.Response) -> dict[str, Any]:
        return accepted(self._transport.json_body(response), self._now())

    def _wire(self, moment: datetime, *, round_up: bool = False) -> str:
        """A moment as the vendor writes it, in whole seconds that keep it inside the window."""
        if round_up and moment.microsecond:
            moment += timedelta(seconds=1)
        return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def about(dates: DateType) -> dict[str, int]:
    """How a query is told which time its window is about."""
    return {} if dates is DateType.MODIFIED else {"date_type": dates.value}


def _status_fault(response: httpx.Response) -> Fault | None:
    """A proxy in between may answer 400 with text (section 3.1); the vendor itself answers everything with 200."""
    if response.status_code != 400:
        return None
    return fault(FaultKind.TRANSIENT, "http_400", response.text[:200])
