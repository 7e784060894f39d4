"""The simulated tenant's whole state, and the ways a test or the sandbox world fills and audits it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.faults import Faults
from sandbox.flagship.apis import Apis
from sandbox.flagship.clock import Clock, china_now
from sandbox.flagship.config import FlagshipConfig, Switches
from sandbox.flagship.digest import Digest
from sandbox.flagship.guards import Guards
from sandbox.flagship.lifecycle import Lifecycle
from sandbox.flagship.limits import Rates, Repeats
from sandbox.flagship.operations import Operations
from sandbox.flagship.querying import Querying
from sandbox.flagship.records import AUDITED, Record, Records
from sandbox.flagship.saving import Saving
from sandbox.flagship.seeds import MIDDLE_RATES, ORGANISATION, RATES_FROM, RATES_UNTIL, SMALL_LISTS, TAX_RATES
from sandbox.flagship.stock import SERVICE, Place, Stock
from sandbox.flagship.tables import ENTITIES
from sandbox.flagship.tokens import Tokens
from sandbox.http import CallCounter

_GOODS = "1"


class FlagshipState:
    """One tenant of the simulated 星空旗舰版.

    Attributes:
        config: credentials and token life; switches: what can be changed while it runs.
        faults, calls: the fault switchboard and what was called.
        apis: what the administrator has set up.
        records, stock, saving, lifecycle, querying, operations, tokens, digest, guards: the parts of the server.
    """

    def __init__(self, config: FlagshipConfig | None = None, *, clock: Clock = china_now, seed: int = 0) -> None:
        self.config = config or FlagshipConfig()
        self.clock = clock
        self.faults = Faults(seed)
        self.calls = CallCounter()
        self.switches = Switches()
        self.apis = Apis()
        self.rates = Rates(clock)
        self.repeats = Repeats(clock, self.switches)
        self.tokens = Tokens(self.config, self.switches, clock, self.rates)
        self.digest = Digest(self.config, clock)
        self.records = Records(ENTITIES)
        self.guards = Guards(self.switches)
        self.stock = Stock(clock)
        self.lifecycle = Lifecycle(self.records, self.guards, self.stock, self.switches, clock)
        self.saving = Saving(self.records, self.guards, clock)
        self.querying = Querying(self.records, self.stock, self.switches)
        self.operations = Operations(self.saving, self.lifecycle, self.querying, self.switches)
        self._seed()

    def add_base(self, entity: str, number: str, name: str = "", **values: Any) -> Record:
        """Base data that is ready to use, or the one with that number if there is one already.

        `values`: further fields by key, references as `Record`.
        """
        found = self.records.by_number(entity, number)
        if found is not None:
            return found
        record = Record(self.records.entities[entity], self.records.next_id(), number, AUDITED)
        now = self.clock()
        record.values = {"name": name or number, "enable": "1", "createtime": now, "modifytime": now}
        record.values |= {"createorg": self.records.by_number("bos_org", ORGANISATION), **values}
        self.records.put(record)
        return record

    def add_organization(self, number: str, name: str = "") -> Record:
        return self.add_base("bos_org", number, name)

    def add_customer(self, number: str, name: str = "") -> Record:
        return self.add_base("bd_customer", number, name)

    def add_supplier(self, number: str, name: str = "") -> Record:
        return self.add_base("bd_supplier", number, name)

    def add_stock(self, number: str, name: str = "") -> Record:
        """A warehouse."""
        return self.add_base("bd_warehouse", number, name)

    def add_material(
        self, number: str, name: str = "", *, batch_managed: bool = False, service: bool = False, unit: str = "Pcs"
    ) -> Record:
        return self.add_base(
            "bd_material",
            number,
            name,
            baseunit=self.add_base("bd_measureunits", unit),
            group=self.records.by_number("bd_materialgroup", "FG"),
            materialtype=SERVICE if service else _GOODS,
            enablelot=batch_managed,
        )

    def add_stock_quantity(
        self, stock: str, material: str, quantity: Decimal | int, lot: str | None = None, org: str = ORGANISATION
    ) -> None:
        """Goods come in (or, negative, leave) without a bill."""
        self.stock.add(Place(org, stock, material, lot or ""), Decimal(quantity))

    def seed(self, wish: dict[str, Any]) -> None:
        """Fill from plain values: materials, customers, suppliers, warehouses, quantities.

        Raises KeyError or TypeError for what is none of them.
        """
        add: dict[str, Callable[..., object]] = {
            "materials": self.add_material,
            "customers": self.add_customer,
            "suppliers": self.add_supplier,
            "warehouses": self.add_stock,
            "quantities": self.add_stock_quantity,
        }
        for name, rows in wish.items():
            for row in rows:
                add[name](**row)

    def set_up(self, path: str, method: str = "POST", /, **changes: Any) -> None:
        """The administrator changes an API that is there, see `Api`. Raises KeyError: there is none."""
        self.apis.add(replace(self.apis.at(path)[method], **changes))

    def bills(self, entity: str) -> list[Record]:
        """Every bill of an entity, as it is now. Raises KeyError: no such entity."""
        return list(self.records.all(entity))

    def _seed(self) -> None:
        for entity, rows in SMALL_LISTS.items():
            for number, name in rows:
                self.add_base(entity, number, name)
        for number, name, rate in TAX_RATES:
            self.add_base("bd_taxrate", number, name, taxrate=Decimal(rate))
        local, table = self.records.by_number("bd_currency", "CNY"), self.records.by_number("bd_exratetable", "01")
        for code, rate in MIDDLE_RATES:
            self.add_base(
                "bd_exrate_tree",
                f"{code}-CNY",
                exratetable=table,
                orgcur=self.records.by_number("bd_currency", code),
                cur=local,
                effectdate=RATES_FROM,
                expirydate=RATES_UNTIL,
                excval=Decimal(rate),
                convertmode="1",
                exctype="1",
                foreignexc="2",
                datasource="FX_001",
            )
