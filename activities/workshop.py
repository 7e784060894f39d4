"""What the activities of one worker share: store, flows, connections, client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from pydantic import BaseModel
from temporalio.client import Client

from activities import bills
from activities.api import Queues
from activities.retrying import Patience
from domain.connections import Account
from domain.documents import DocumentKey, Frozen
from domain.erp import Erp
from domain.journal import DocumentRecord, Sighting, Window
from domain.rates import Rate
from flows.catalogue import Catalogue, Scheme
from store.store import Store, utc_now


class Stream(Protocol):
    """Documents of one kind from one source connection."""

    @property
    def model(self) -> type[BaseModel]: ...

    def windows(self, flow: str, cursor: str | None, until: datetime, overlap: int) -> AsyncIterator[Window]:
        """Everything that changed since the cursor (and `overlap` seconds before it) up to `until`, in parts.

        Without a cursor it begins where the stream is told to; where that is, comes as a cursor before the first part.
        """
        ...

    async def one(self, flow: str, number: str) -> Sighting | None:
        """The document as the source has it now; None when it has none of that number."""
        ...

    async def several(self, flow: str, numbers: Sequence[str]) -> Sequence[Sighting]:
        """The documents of these numbers as the source has them now; those it does not have are left out."""
        ...

    async def count(self, begin: datetime, end: datetime) -> int:
        """About how many documents `dated` would bring, for one call to the source; 0 when it does not say."""
        ...

    def dated(self, flow: str, begin: datetime, end: datetime) -> AsyncIterator[Sequence[Sighting]]:
        """Documents whose goods moved at `begin` or later and before `end`, as they are now, page by page."""
        ...


class Rates(Protocol):
    """Exchange rates of a day, whatever source they come from."""

    async def rates(self, day: date, now: datetime) -> Mapping[str, Rate]: ...

    async def rate(self, currency: str, day: date, now: datetime) -> Rate: ...


class Route(Frozen):
    """Where the documents of a source connection go.

    Attributes:
        erp, erp_system: name and kind of the ERP connection.
        bill_prefix: put in front of the source's number to make the bill number, so that two connections with
            overlapping numbers never meet in one ERP.
    """

    system: str
    erp: str
    bill_prefix: str
    queues: Queues
    erp_system: str = "galaxy"


@dataclass(frozen=True)
class Batching:
    """How requests to the ERP travel together, see `activities.gathering`. `linger` and `longest` in seconds."""

    linger: float = 0.02
    longest: float = 2.0
    most: int = 50
    lanes: int = 2


@dataclass(frozen=True)
class Workshop:
    """Everything an activity may need. One per worker process."""

    store: Store
    catalogue: Catalogue
    streams: Mapping[tuple[str, str], Stream]
    """By connection and stream name."""
    routes: Mapping[str, Route]
    """By source connection."""
    erps: Mapping[str, Erp]
    rates: Rates
    client: Client
    patience: Patience
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """What can be asked at each connection, by its name, e.g. ``galaxy.main``."""
    batching: Batching = field(default_factory=Batching)
    overlap: int | None = None
    """Seconds read again at each poll, instead of what the flow file says."""
    window_rows: int = 1000
    """Documents in one window of a back-fill or a reconciliation; a window that has more is halved."""
    now: Callable[[], datetime] = utc_now

    async def subject(self, key: DocumentKey) -> tuple[DocumentRecord, Scheme]:
        """The document's record and the scheme of its flow. Raises LookupError when intake never stored it."""
        record = await self.store.document(key)
        if record is None:
            raise LookupError(f"{key.workflow_id} is not in the store")
        return record, self.scheme(key.flow, key.connection)

    def scheme(self, flow: str, connection: str) -> Scheme:
        """The flow as it is where a connection's bills go. Raises KeyError: it has no target there."""
        route = self.routes.get(connection)
        return self.catalogue[flow] if route is None else self.catalogue.of(flow, route.erp_system)

    def bill_number(self, record: DocumentRecord) -> str:
        """The document's bill number; one that may be in the ERP keeps it, whatever prefix is set today."""
        written = record.bill_version is not None or record.attempted_version is not None
        if written and record.bill_number is not None:
            return record.bill_number
        return self._number(record.key)

    def number_of(self, key: DocumentKey, record: DocumentRecord | None) -> str:
        """The bill number of a document that intake may never have seen."""
        if record is not None:
            return self.bill_number(record)
        return self._number(key)

    def _number(self, key: DocumentKey) -> str:
        suffix = self.scheme(key.flow, key.connection).flow.target.number_suffix
        return bills.bill_number(self.routes[key.connection].bill_prefix, key, suffix)

    def connections_of(self, stream: str) -> Sequence[str]:
        """The source connections that have a stream."""
        return [connection for connection, name in self.streams if name == stream]
