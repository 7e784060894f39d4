"""All simulators as one world: feeds flow in at the source, the books fill in the ERP, and an audit compares them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from pathlib import Path

from domain.journal import MappingRow
from sandbox.flagship.state import FlagshipState
from sandbox.galaxy.state import GalaxyState
from sandbox.jushuitan.documents import Sku
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.uploads import receive_goods
from sandbox.rates.state import RatesState
from sandbox.world.audit import Findings, audit, stock_off
from sandbox.world.books import Books
from sandbox.world.busy_day import busy_feed
from sandbox.world.changes import Change, change
from sandbox.world.erp_seed import ErpSeed
from sandbox.world.expected import expected_returns, expected_sales, source_ids
from sandbox.world.feed import Feed, FeedDocument, FeedError, Later, LaterKind, Opening, order_of
from sandbox.world.judgement import Claims, Judgement, judge
from sandbox.world.ledger import ErpSystem, Ledger, ledger_of
from sandbox.world.reasons import Reasons
from sandbox.world.retail import retail_feed
from sandbox.world.sample_day import sample_feed

_FIRST_SHOP = 101


class World:
    """The systems and what flows between them.

    Attributes:
        jushuitan, galaxy, flagship, rates: the state of each simulator.
        ledger: the ERP whose books are audited.
        later: events of the fed days that have not happened yet.
    """

    def __init__(
        self,
        jushuitan: JushuitanState | None = None,
        galaxy: GalaxyState | None = None,
        rates: RatesState | None = None,
        *,
        flagship: FlagshipState | None = None,
        erp: ErpSystem = ErpSystem.GALAXY,
    ) -> None:
        self.jushuitan = jushuitan or JushuitanState()
        self.galaxy = galaxy or GalaxyState()
        self.flagship = flagship or FlagshipState()
        self.ledger: Ledger = ledger_of(erp, self.galaxy, self.flagship)
        self.rates = rates or RatesState()
        self.later: list[Later] = []
        self._erp = ErpSeed(self.galaxy, self.flagship)
        self._queue: deque[FeedDocument] = deque()
        self._fed: set[str] = set()
        self._shops: dict[str, int] = {}
        self.jushuitan.newcomer = lambda: self.release(1)

    @property
    def queued(self) -> int:
        """Documents that were fed and have not appeared in the source."""
        return len(self._queue)

    @property
    def fed(self) -> int:
        """Documents that were fed, whether they have appeared or not."""
        return len(self._fed)

    def feed_retail(self, files: Iterable[Path], documents: int | None = None) -> list[str]:
        """Queue Online Retail invoices; answers their platform numbers in order of appearance.

        Raises:
            FeedError: a file that cannot be read, too many days, or a document that was fed before.
        """
        if documents is not None and documents < 1:
            raise FeedError(f"expected at least one document, found {documents}")
        return self._take(retail_feed(files, self.jushuitan.next_id, self._shop_id, documents))

    def feed_sample(self, seed: int = 0, documents: int | None = None) -> list[str]:
        """Queue the sample day (or so many ordinary orders). Raises FeedError like `feed_retail`."""
        return self._take(sample_feed(self.jushuitan.next_id, self._shop_id, seed=seed, documents=documents))

    def feed_busy(self, seed: int, documents: int) -> list[str]:
        """Queue a busy day of so many documents. Raises FeedError like `feed_retail`."""
        return self._take(busy_feed(self.jushuitan.next_id, self._shop_id, seed=seed, documents=documents))

    def release(self, documents: int | None = None) -> list[str]:
        """Let the next documents appear in the source (all of them by default); answers their platform numbers."""
        count = len(self._queue) if documents is None else min(documents, len(self._queue))
        released = [self._queue.popleft() for _ in range(count)]
        for document in released:
            self._show(document)
        return [document.platform_number for document in released]

    def play_later(self, kinds: Collection[LaterKind] | None = None) -> list[Later]:
        """Let events of the day happen whose documents have appeared: all, or those of some kinds."""
        due = [
            event
            for event in self.later
            if (kinds is None or event.kind in kinds) and self._has_appeared(event.platform_number)
        ]
        for event in due:
            self.later.remove(event)
            self._happen(event)
        return due

    def mappings(self) -> list[MappingRow]:
        """The mapping rows the product needs for what was fed, but for those withheld on purpose."""
        return self._erp.mappings

    def withheld_mappings(self) -> list[MappingRow]:
        """The rows left out on purpose."""
        return self._erp.withheld

    def change(self, platform_number: str, kind: Change) -> bool:
        """A clerk changes a document at the source; False when it cannot be changed so (any more).

        Raises KeyError when it has not appeared.
        """
        return change(self.jushuitan, self.source_ids(platform_number), kind)

    def fill_mapping(self, collection: str, key: str) -> MappingRow:
        """A person adds a row that was left out; answers the row. Raises KeyError when none was."""
        return self._erp.fill(collection, key)

    def move_stock(self, opening: Opening) -> None:
        """Somebody else's goods come into the ERP's warehouse, or (a negative quantity) leave it."""
        self._erp.add_stock(opening)

    def source_ids(self, platform_number: str) -> dict[str, int]:
        """The source's ids behind a platform number. Raises KeyError when it has not appeared."""
        return source_ids(self.jushuitan, platform_number)

    def books(self) -> Books:
        """The ERP's bills as they are now."""
        return self.ledger.books()

    def audit(self, excused: Collection[str] = ()) -> Findings:
        """The source against the books; see `sandbox.world.audit.audit`."""
        return audit(self.jushuitan, self.books(), excused)

    def judge(self, claims: Claims) -> Judgement:
        """Every document against the books, and every reason to wait against the world; see `judgement`."""
        books, inventory = self.books(), self.ledger.inventory()
        reasons = Reasons(
            self.jushuitan,
            books,
            inventory,
            withheld=[(row.collection, row.key) for row in self._erp.withheld],
            closed_until=self.ledger.closed_until(),
        )
        found = judge(expected_sales(self.jushuitan), books.sales, claims, reasons)
        returns = judge(expected_returns(self.jushuitan), books.returns, claims, reasons)
        for name, sentences in returns.as_dict().items():
            getattr(found, name).extend(sentences)
        found.stock_off += stock_off(self._erp.openings, books, inventory)
        return found

    def stock_off(self) -> list[str]:
        """Places where the ERP's inventory is not what its opening and its bills make it."""
        return stock_off(self._erp.openings, self.books(), self.ledger.inventory())

    def _take(self, feed: Feed) -> list[str]:
        numbers = [document.platform_number for document in feed.documents]
        again = self._fed.intersection(numbers)
        if again:
            raise FeedError(f"document {min(again)} was fed before")
        self._erp.take(feed)
        for shop in feed.shops:
            self.jushuitan.add_shop(shop.shop)
        for warehouse in feed.warehouses:
            self.jushuitan.add_warehouse(warehouse)
        for goods in feed.goods:
            self.jushuitan.add_sku(
                Sku(
                    goods.sku_id,
                    goods.name,
                    batch_enabled=goods.batch_managed,
                    stock_disabled=goods.service,
                )
            )
        for opening in feed.openings:
            self._stock_source(opening)
        self._fed.update(numbers)
        self._queue += feed.documents
        self.later += feed.later
        return numbers

    def _shop_id(self, name: str) -> int:
        return self._shops.setdefault(name, _FIRST_SHOP + len(self._shops))

    def _stock_source(self, opening: Opening) -> None:
        self.jushuitan.add_stock(opening.wms_co_id, opening.sku_id, opening.quantity)

    def _show(self, document: FeedDocument) -> None:
        if document.outbound is not None:
            self.jushuitan.add_order(order_of(document.outbound))
            self.jushuitan.add_outbound(document.outbound)
        if document.refund is not None:
            self.jushuitan.add_refund(document.refund)
        if document.received is not None:
            self.jushuitan.add_received(document.received)

    def _has_appeared(self, platform_number: str) -> bool:
        return all(document.platform_number != platform_number for document in self._queue)

    def _happen(self, event: Later) -> None:
        if event.kind is LaterKind.RESTOCK:
            if event.restock is not None:
                self._erp.add_stock(event.restock)
            return
        ids = self.source_ids(event.platform_number)
        if event.kind is LaterKind.CANCEL:
            self.jushuitan.cancel_outbound(ids["io_id"])
        else:
            refund = self.jushuitan.refund(ids["as_id"])
            # On the day that is played, for which central parities are published.
            receive_goods(self.jushuitan, refund, at=refund.as_date)
