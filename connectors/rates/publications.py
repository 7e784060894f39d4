"""What a publisher published, and the rate of a day that follows from it (exchange-rates.md section 10)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.http import Transport
from connectors.rates.pairs import CENTRAL_PARITY_CURRENCIES
from domain.faults import Fault, FaultKind
from domain.rates import Rate

LOOK_BACK = timedelta(days=14)
"""A rate older than this is not used; the longest holiday gap is 9 to 10 days."""

_MISSING = frozenset({"", "-", "--", "---"})
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_LARGEST_STEP = Decimal("0.05")
_LARGEST_STEP_OF = {"TRY": Decimal("0.15"), "RUB": Decimal("0.15")}
"""How far a rate may differ from the publication before it, as a part of that one (section 10, item 5)."""


class Shape(BaseModel):
    """The part of a publisher's JSON we rely on; the rest is theirs to change."""

    model_config = ConfigDict(frozen=True, extra="ignore")


Reply = TypeVar("Reply", bound=Shape)


@dataclass(frozen=True, slots=True)
class Publication:
    """One publishing day: CNY per one unit of each currency that has a value."""

    day: date
    rates: Mapping[str, Decimal]


class PublishedSource(ABC):
    """A `domain.rates.RateSource` that reads a publisher's history and applies the rule of the day to it.

    Attributes:
        name: what is kept as the source of a rate; also the system of its faults.
        official: True when the numbers are the PBOC's central parities.
        currencies: what the publisher can answer for.
    """

    name: str
    official: bool = True
    currencies: frozenset[str] = CENTRAL_PARITY_CURRENCIES

    def __init__(self, transport: Transport, url: str) -> None:
        """`transport` carries the source's name as its system; `url` is the publisher's base URL."""
        self._transport = transport
        self._url = url.rstrip("/")

    async def rates(self, day: date) -> dict[str, Rate]:
        """The rates of the newest publication with a date ≤ `day` and not older than `LOOK_BACK`, by currency.

        A currency published without a value that day is absent. Whether the day's own publication is still to come
        cannot be told from here; compare `Rate.source_date` with the day.

        Raises:
            Fault: transient when the source is down, answers nonsense or a suspicious number (code
                ``suspicious_rate``); refused when it says no; invalid (``no_publication``) when it has nothing for
                the whole span.
        """
        published = await self.publications(day - LOOK_BACK, day)
        usable = [publication for publication in published if day - LOOK_BACK <= publication.day <= day]
        newest = max(usable, key=lambda publication: publication.day, default=None)
        if newest is None or not newest.rates:
            raise self.fault("no_publication", f"nothing for {day} or the 14 days before", kind=FaultKind.INVALID)
        for currency, rate in newest.rates.items():
            self._check_step(currency, rate, newest.day, usable)
        return {
            currency: Rate(
                currency=currency,
                value=value,
                day=day,
                source=self.name,
                source_date=newest.day,
                official=self.official,
            )
            for currency, value in newest.rates.items()
        }

    @abstractmethod
    async def publications(self, first: date, last: date) -> list[Publication]:
        """All publications of the days from `first` to `last`. Raises Fault as `rates` does."""

    def fault(
        self, code: str, message: str, *, kind: FaultKind = FaultKind.TRANSIENT, field: str | None = None
    ) -> Fault:
        """A fault of this source; an answer that makes no sense counts as the source being down."""
        return Fault(kind, system=self.name, code=code, message=message, field=field)

    def read(self, model: type[Reply], tree: object) -> Reply:
        """A parsed body in the shape it must have. Raises Fault ``malformed``."""
        try:
            return model.model_validate(tree)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise self.fault("malformed", f"{place}: {first['msg']}", field=place or None) from error

    def number(self, text: str, field: str) -> Decimal | None:
        """A published number; None where the publisher prints none.

        Raises:
            Fault: ``not_a_number``.
        """
        text = text.strip()
        if text in _MISSING:
            return None
        if not _NUMBER.fullmatch(text):
            raise self.fault("not_a_number", f"{field} is {text[:40]!r}", field=field)
        return Decimal(text) or None

    def _check_step(self, currency: str, rate: Decimal, day: date, published: Iterable[Publication]) -> None:
        """Refuse a rate too far from the publication before it."""
        earlier = [p for p in published if p.day < day and currency in p.rates]
        if not earlier:
            return
        before = max(earlier, key=lambda publication: publication.day)
        step = abs(rate / before.rates[currency] - 1)
        if step > _LARGEST_STEP_OF.get(currency, _LARGEST_STEP):
            message = f"{currency} {rate} of {day} is {step:.1%} off {before.rates[currency]} of {before.day}"
            raise self.fault("suspicious_rate", message, field=currency)
