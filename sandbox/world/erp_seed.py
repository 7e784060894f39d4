"""The ERP side of a feed: customers, warehouses, materials and opening stock, and the mapping rows that lead there."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from domain.journal import MappingRow
from sandbox.flagship.apis import ImportType
from sandbox.flagship.state import FlagshipState
from sandbox.galaxy.state import GalaxyState
from sandbox.jushuitan.documents import Area, Shop, Warehouse
from sandbox.world.erp_books import RETURNS_FORM
from sandbox.world.feed import Feed, FeedShop, Goods, Opening, material_of
from sandbox.world.flagship_books import SALES_ENTITY
from sandbox.world.ledger import Tenant

ORGANISATION = "100"
UNIT = "Pcs"
SOURCE_NUMBER_FIELD = "F_PSEH_TEXT"
"""The customer's own field on a return line: the order number (requirement F40)."""

_AREA_SUFFIX = {Area.MAIN: "", Area.RETURNS: "T"}


def customer_number(shop: Shop) -> str:
    return f"C{shop.shop_id}"


def stock_number(wms_co_id: int, area: Area = Area.MAIN) -> str:
    """The ERP's warehouse of a stock area."""
    return f"CK{wms_co_id}{_AREA_SUFFIX[area]}"


class ErpSeed:
    """Fills the ERPs for feeds, each thing once and under the same numbers, and remembers the mapping rows.

    Attributes:
        openings: opening stock by warehouse and material number.
    """

    def __init__(self, galaxy: GalaxyState, flagship: FlagshipState) -> None:
        self.openings: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._tenants: tuple[Tenant, ...] = (galaxy, flagship)
        self._rows: dict[tuple[str, str], MappingRow] = {}
        self._withheld: dict[tuple[str, str], MappingRow] = {}
        for tenant in self._tenants:
            tenant.add_organization(ORGANISATION)
        # Set up as docs/verify-with-your-tenant.md asks: a save never changes a bill that is there.
        flagship.set_up(f"/v2/im/{SALES_ENTITY}/batchAdd", import_type=ImportType.NEW)
        galaxy.add_field(RETURNS_FORM, "FEntity", SOURCE_NUMBER_FIELD, "网上订单号")
        for currency in galaxy.bills("BD_Currency"):
            self._keep(_row("currency", str(currency["head"]["FCODE"]), currency=currency["number"]), mapped=True)

    @property
    def mappings(self) -> list[MappingRow]:
        """The product's mapping rows."""
        return list(self._rows.values())

    @property
    def withheld(self) -> list[MappingRow]:
        """Rows left out on purpose: what a person would have to add."""
        return list(self._withheld.values())

    def fill(self, collection: str, key: str) -> MappingRow:
        """A person adds a row that was left out. Raises KeyError when there is none."""
        row = self._withheld.pop((collection, key), None)
        if row is None:
            raise KeyError(f"{collection} {key} left out")
        self._rows[collection, key] = row
        return row

    def take(self, feed: Feed) -> None:
        """Add what a feed needs; what is there already stays."""
        for shop in feed.shops:
            self._shop(shop)
        for warehouse in feed.warehouses:
            self._warehouse(warehouse)
        for goods in feed.goods:
            self._goods(goods)
        for opening in feed.openings:
            self.add_stock(opening)

    def add_stock(self, opening: Opening) -> None:
        """Put goods into the ERP's warehouse; a negative quantity takes them out."""
        stock, material = stock_number(opening.wms_co_id), material_of(opening.sku_id)
        for tenant in self._tenants:
            tenant.add_stock_quantity(stock, material, opening.quantity, opening.lot)
        self.openings[stock, material] += opening.quantity

    def _shop(self, shop: FeedShop) -> None:
        number = customer_number(shop.shop)
        for tenant in self._tenants:
            tenant.add_customer(number, shop.shop.shop_name)
        row = _row(
            "shop",
            shop.shop.shop_name,
            customer=number,
            organisation=ORGANISATION,
            tax_rate=format(shop.tax_rate, "f"),
            shop_id=str(shop.shop.shop_id),
        )
        self._keep(row, mapped=shop.mapped)

    def _warehouse(self, warehouse: Warehouse) -> None:
        for area in _AREA_SUFFIX:
            number = stock_number(warehouse.wms_co_id, area)
            for tenant in self._tenants:
                tenant.add_stock(number, f"{warehouse.name} {area.label}")
            self._keep(_row("warehouse", f"{warehouse.wms_co_id}/{area.value}", stock=number), mapped=True)

    def _goods(self, goods: Goods) -> None:
        for tenant in self._tenants:
            tenant.add_material(
                goods.material, goods.name, batch_managed=goods.batch_managed, service=goods.service, unit=UNIT
            )
        row = _row(
            "sku",
            goods.material,
            material=goods.material,
            unit=UNIT,
            batch_managed=_yes_no(goods.batch_managed),
            service=_yes_no(goods.service),
        )
        self._keep(row, mapped=goods.mapped)

    def _keep(self, row: MappingRow, *, mapped: bool) -> None:
        (self._rows if mapped else self._withheld).setdefault((row.collection, row.key), row)


def _row(collection: str, key: str, **values: str) -> MappingRow:
    return MappingRow(collection=collection, key=key, values=values)


def _yes_no(flag: bool) -> str:
    return "true" if flag else "false"
