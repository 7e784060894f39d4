"""Sources asked in order until the rate of a day is known (requirement F04; exchange-rates.md section 10)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import Field

from connectors.http import Transport
from connectors.rates.central_parity import CentralParity
from connectors.rates.frankfurter import EcbCross, FrankfurterCentralParity
from connectors.rates.pairs import FUNCTIONAL_CURRENCY
from connectors.rates.publications import PublishedSource
from connectors.rates.safe import Safe
from domain.documents import Frozen
from domain.faults import Fault, FaultKind
from domain.rates import Rate

SYSTEM = "rates"
FUNCTIONAL_SOURCE = "functional"
"""Source of the rate 1 of the functional currency itself."""

SHANGHAI = ZoneInfo("Asia/Shanghai")
PUBLISHED_AT = time(9, 15)
"""Shanghai time at which the central parity of a day comes out."""


class NotPublished(StrEnum):
    """What to do for a day whose own publication is still to come."""

    WAIT = "wait"
    LAST_KNOWN = "last_known"


class RateAccess(Frozen):
    """Where the rates come from.

    Attributes:
        central_parity_url: base URL of CFETS, e.g. ``https://www.chinamoney.com.cn``.
        safe_url: base URL of SAFE, e.g. ``https://www.safe.gov.cn``.
        frankfurter_url: base URL of a Frankfurter installation; None leaves it out.
        allow_unofficial: also take ECB rates from that installation, for want of the official number.
        timeout: seconds to wait for the answer to one call.
    """

    central_parity_url: str
    safe_url: str
    frankfurter_url: str | None = None
    allow_unofficial: bool = False
    not_published: NotPublished = NotPublished.WAIT
    timeout: float = Field(default=15.0, gt=0)


class RateChain:
    """Asks its sources in order. A source that fails or lacks a currency leaves it to the next."""

    def __init__(self, sources: Sequence[PublishedSource], *, not_published: NotPublished = NotPublished.WAIT) -> None:
        self._sources = tuple(sources)
        self._not_published = not_published

    async def rates(self, day: date, now: datetime) -> dict[str, Rate]:
        """All rates of `day` by currency, CNY itself included, as known at `now`.

        A currency without a value at any source that answered is absent.

        Raises:
            Fault: transient ``all_sources_down`` when no source answered; invalid ``not_published`` when the day's own
                publication is still to come and the policy is to wait, with the seconds until then as `retry_after`.
        """
        found, faults = await self._ask(day, now, frozenset().union(*(s.currencies for s in self._sources)))
        if not found:
            raise _all_down(faults)
        return {FUNCTIONAL_CURRENCY: functional(day), **found}

    async def rate(self, currency: str, day: date, now: datetime) -> Rate:
        """The rate of one currency; asks no further source than needed, and none for CNY.

        Raises:
            Fault: as `rates`; ``all_sources_down`` also when those that answered have no such rate but others failed;
                invalid ``no_rate`` when all answered and none has it.
        """
        if currency == FUNCTIONAL_CURRENCY:
            return functional(day)
        found, faults = await self._ask(day, now, frozenset({currency}))
        if currency in found:
            return found[currency]
        if faults:
            raise _all_down(faults)
        message = f"no source has a rate of {currency} for {day}"
        raise Fault(FaultKind.INVALID, system=SYSTEM, code="no_rate", message=message, field=currency)

    async def _ask(self, day: date, now: datetime, wanted: frozenset[str]) -> tuple[dict[str, Rate], list[Fault]]:
        """What is found of the wanted currencies (and more), and how sources failed on the way."""
        found: dict[str, Rate] = {}
        faults: list[Fault] = []
        waiting = self._seconds_to_wait(day, now)
        for source in self._sources:
            if not source.currencies & wanted - found.keys():
                continue
            try:
                answer = await source.rates(day)
            except Fault as fault:
                faults.append(fault)
                continue
            if waiting and all(rate.source_date < day for rate in answer.values()):
                raise Fault(
                    FaultKind.INVALID,
                    system=SYSTEM,
                    code="not_published",
                    message=f"the central parity of {day} comes out at {PUBLISHED_AT:%H:%M} Shanghai time",
                    retry_after=waiting,
                )
            found = answer | found
        return found, faults

    def _seconds_to_wait(self, day: date, now: datetime) -> float:
        """How long until the day's publication is due; 0 when it is, or when the policy is not to wait."""
        if self._not_published is NotPublished.LAST_KNOWN:
            return 0.0
        return max(0.0, (datetime.combine(day, PUBLISHED_AT, SHANGHAI) - now).total_seconds())


def functional(day: date) -> Rate:
    """The functional currency in itself: 1."""
    return Rate(
        currency=FUNCTIONAL_CURRENCY,
        value=Decimal(1),
        day=day,
        source=FUNCTIONAL_SOURCE,
        source_date=day,
        official=True,
    )


@asynccontextmanager
async def open_rate_chain(access: RateAccess) -> AsyncIterator[RateChain]:
    """The chain of the settings, with its connections open inside the block."""
    wanted: list[tuple[type[PublishedSource], str]] = [
        (CentralParity, access.central_parity_url),
        (Safe, access.safe_url),
    ]
    if access.frankfurter_url is not None:
        wanted.append((FrankfurterCentralParity, access.frankfurter_url))
        if access.allow_unofficial:
            wanted.append((EcbCross, access.frankfurter_url))
    async with AsyncExitStack() as open_transports:
        sources = []
        for kind, url in wanted:
            transport = Transport(kind.name, connect_timeout=access.timeout, read_timeout=access.timeout)
            sources.append(kind(await open_transports.enter_async_context(transport), url))
        yield RateChain(sources, not_published=access.not_published)


def _all_down(faults: Sequence[Fault]) -> Fault:
    message = "; ".join(f"{fault.system} [{fault.code}] {fault.message}" for fault in faults)
    return Fault(FaultKind.TRANSIENT, system=SYSTEM, code="all_sources_down", message=message)
