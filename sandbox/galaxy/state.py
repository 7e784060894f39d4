"""The simulated server's whole state, and the ways a test or the sandbox world fills and audits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.faults import Faults
from sandbox.galaxy import texts
from sandbox.galaxy.convert_rules import RULES
from sandbox.galaxy.forms import FORMS
from sandbox.galaxy.guards import Guards
from sandbox.galaxy.inventory import SERVICE, Dimension, Inventory
from sandbox.galaxy.lifecycle import Lifecycle
from sandbox.galaxy.links import Links
from sandbox.galaxy.lots import Lots
from sandbox.galaxy.metadata import Field, FormKind, Kind
from sandbox.galaxy.pushing import Pushing
from sandbox.galaxy.querying import Querying
from sandbox.galaxy.records import AUDITED, Record, Row
from sandbox.galaxy.saving import Saving
from sandbox.galaxy.seeds import BILL_TYPES, CURRENCIES, DEFAULT_ORG, SMALL_LISTS
from sandbox.galaxy.sessions import GalaxyConfig, Sessions
from sandbox.galaxy.store import Clock, Database, china_now
from sandbox.galaxy.switches import Switches
from sandbox.galaxy.transaction import Transaction
from sandbox.http import CallCounter

_OTHER_USER = "管理员"


class GalaxyState:
    """One tenant of the simulated 云星空.

    Attributes:
        config: credentials and session life.
        faults, calls: the fault switchboard and what was called.
        switches: closed period, locks, delays, limits.
        db, inventory, links, lots, saving, lifecycle, querying, pushing, sessions: the parts of the server.
    """

    def __init__(self, config: GalaxyConfig | None = None, *, clock: Clock = china_now, seed: int = 0) -> None:
        self.config = config or GalaxyConfig()
        self.faults = Faults(seed)
        self.calls = CallCounter()
        self.switches = Switches()
        self.db = Database(FORMS, clock)
        self.sessions = Sessions(self.config, lambda: clock().timestamp())
        self.guards = Guards(self.switches, _OTHER_USER)
        self.inventory = Inventory(self.db)
        self.links = Links(self.db, RULES)
        self.lots = Lots(self.db)
        self.lifecycle = Lifecycle(self.db, self.guards, self.inventory, self.links)
        self.saving = Saving(self.db, self.guards, self.lots, self.links, self.lifecycle)
        self.querying = Querying(self.db)
        self.pushing = Pushing(self.db, self.links, self.saving, self.switches)
        self.lifecycle.after_audit = self._make_receivable
        self._seed()

    # --- filling -----------------------------------------------------------------------------------------------------

    def add_base(self, form: str, number: str, name: str = "", *, org: str | None = None, **values: Any) -> Record:
        """Base data that is ready to use (audited), or the one with that number if there is one already.

        Args:
            org: number of the only organisation that may use it; None shares it among all.
            values: further fields by key; references as `Record`.
        """
        store = self.db.store(form)
        owner = self._one("ORG_Organizations", org) if org else None
        for existing in store.with_number(number):
            if existing.values.get("fuseorgid") is owner or existing.shared:
                return existing
        record = Record(store.form, self.db.next_id(), number)
        record.shared = owner is None
        record.values = {"fname": name or number, "fdocumentstatus": AUDITED, "fforbidstatus": "A"}
        record.values |= {"fcreatedate": self.db.now(), "fmodifydate": self.db.now(), "fapprovedate": self.db.now()}
        default_org = owner or next(iter(self.db.store("ORG_Organizations").with_number(DEFAULT_ORG)), None)
        record.values |= {"fcreateorgid": default_org, "fuseorgid": default_org}
        record.values |= {key.casefold(): value for key, value in values.items()}
        store.add(record)
        return record

    def add_organization(self, number: str, name: str = "") -> Record:
        return self.add_base("ORG_Organizations", number, name)

    def add_material(
        self,
        number: str,
        name: str = "",
        *,
        batch_managed: bool = False,
        shelf_life: bool = False,
        service: bool = False,
        unit: str = "Pcs",
        org: str | None = None,
    ) -> Record:
        unit_record = self.add_base("BD_UNIT", unit)
        return self.add_base(
            "BD_MATERIAL",
            number,
            name,
            org=org,
            FIsBatchManage=batch_managed,
            FIsKFPeriod=shelf_life,
            FErpClsID=SERVICE if service else "1",
            FBaseUnitId=unit_record,
            FStoreUnitID=unit_record,
        )

    def add_customer(self, number: str, name: str = "", *, org: str | None = None) -> Record:
        return self.add_base("BD_Customer", number, name, org=org, FTRADINGCURRID=self._one("BD_Currency", "PRE001"))

    def add_supplier(self, number: str, name: str = "", *, org: str | None = None) -> Record:
        return self.add_base("BD_Supplier", number, name, org=org)

    def add_stock(self, number: str, name: str = "", *, allow_minus: bool = False, org: str | None = None) -> Record:
        """A warehouse."""
        return self.add_base("BD_STOCK", number, name, org=org, FAllowMinusQty=allow_minus)

    def add_currency(self, number: str, code: str, name: str = "") -> Record:
        return self.add_base("BD_Currency", number, name or code, FCODE=code)

    def add_rate(
        self,
        currency: str,
        rate: Decimal,
        *,
        begin: str,
        end: str,
        rate_type: str = "HLTX01_SYS",
        local: str = "PRE001",
    ) -> Record:
        """An exchange rate on file: local currency per unit of `currency` from `begin` to `end` (``YYYY-MM-DD``)."""
        return self.add_base(
            "BD_Rate",
            f"{rate_type}-{currency}-{local}-{begin}",
            FRATETYPEID=self._one("BD_RateType", rate_type),
            FCyForID=self._one("BD_Currency", currency),
            FCyToID=self._one("BD_Currency", local),
            FExchangeRate=rate,
            FBegDate=f"{begin}T00:00:00",
            FEndDate=f"{end}T00:00:00",
        )

    def add_stock_quantity(
        self,
        stock: str,
        material: str,
        quantity: Decimal | int,
        lot: str | None = None,
        *,
        org: str = DEFAULT_ORG,
        status: str = "KCZT01_SYS",
    ) -> None:
        """Opening stock, owned and kept by the organisation.

        Raises:
            KeyError: an unknown warehouse, material, organisation or status.
        """
        self.inventory.apply(
            {self.dimension(stock, material, lot, org=org, status=status, create_lot=True): Decimal(quantity)}
        )

    def stock_quantity(
        self, stock: str, material: str, lot: str | None = None, *, org: str = DEFAULT_ORG, status: str = "KCZT01_SYS"
    ) -> Decimal:
        """What is there now, owned and kept by the organisation."""
        return self.inventory.quantity(self.dimension(stock, material, lot, org=org, status=status))

    def dimension(
        self, stock: str, material: str, lot: str | None, *, org: str, status: str, create_lot: bool = False
    ) -> Dimension:
        goods = self._one("BD_MATERIAL", material)
        lot_record = self.lots.get(goods, lot) if lot else None
        if lot and lot_record is None and create_lot:
            lot_record = self.lots.create(goods, lot)
        owner = self._one("ORG_Organizations", org)
        return Dimension(
            owner,
            self._one("BD_STOCK", stock),
            self._one("BD_StockStatus", status),
            goods,
            lot_record,
            owner=owner,
            keeper=owner,
        )

    def add_field(
        self,
        form: str,
        entity: str,
        key: str,
        caption: str = "",
        kind: Kind = Kind.TEXT,
        *,
        indexed: bool = False,
        ref: str | None = None,
    ) -> None:
        """A custom field of the tenant (``F_XXXX_…``). Raises KeyError: no such entity."""
        store = self.db.store(form)
        field = Field(key, caption or key, kind, ref=ref, indexed=indexed)
        store.describe(store.form.with_field(entity, field))

    def add_rule_alias(self, rule_id: str, alias: str) -> None:
        """Let a convert rule answer to one more id. Raises KeyError: no such rule."""
        for i, rule in enumerate(self.links.rules):
            if rule.id == rule_id:
                self.links.rules[i] = replace(rule, aliases=(*rule.aliases, alias))
                return
        raise KeyError(rule_id)

    def seed(self, seeds: Mapping[str, Any]) -> None:
        """Fill from a JSON tree: organizations, currencies, materials, customers, suppliers, stocks, quantities, rates,
        base (form id → rows), fields. Each row has the arguments of the method that adds it.

        Raises:
            KeyError, TypeError: a row names what does not exist, or lacks an argument.
        """
        methods: dict[str, Callable[..., object]] = {
            "organizations": self.add_organization,
            "currencies": self.add_currency,
            "materials": self.add_material,
            "customers": self.add_customer,
            "suppliers": self.add_supplier,
            "stocks": self.add_stock,
            "quantities": self.add_stock_quantity,
            "rates": self.add_rate,
            "fields": self.add_field,
        }
        for name, method in methods.items():
            for row in seeds.get(name, ()):
                method(**row)
        for form, rows in seeds.get("base", {}).items():
            for row in rows:
                self.add_base(form, **row)

    # --- auditing ----------------------------------------------------------------------------------------------------

    def bills(self, form: str) -> list[dict[str, Any]]:
        """All records of a form for an audit: id, number, status, cancelled, head, lines; references as numbers.

        Keys are spelled as in the form's definition. Raises Refusal: no such form.
        """
        return [_plain_bill(record) for record in self.db.store(form).records.values()]

    # --- inside ------------------------------------------------------------------------------------------------------

    def _one(self, form: str, number: str) -> Record:
        found = self.db.store(form).with_number(number)
        if not found:
            raise KeyError(f"{form} {number}")
        return found[0]

    def _seed(self) -> None:
        self.add_organization(DEFAULT_ORG, "总公司")
        for number, code, name in CURRENCIES:
            self.add_currency(number, code, name)
        for form, rows in SMALL_LISTS.items():
            for number, name in rows:
                self.add_base(form, number, name)
        for form, rows in BILL_TYPES.items():
            for number, name in rows:
                self.add_base("BOS_BillType", number, name, FBillFormID=form)

    def user(self, name: str) -> Record | None:
        """The user record of a session's user."""
        return next(iter(self.db.store("SEC_User").with_number(name)), None)

    def _make_receivable(self, record: Record, user: Record | None, tx: Transaction) -> list[str]:
        """On audit of an outbound, where switched on: its receivable, audited."""
        if record.form.id != "SAL_OUTSTOCK" or not self.switches.receivable_on_audit:
            return []
        rule = self.links.default_rule("SAL_OUTSTOCK", "AR_receivable")
        if rule is None:
            return []
        receivable = self.pushing.convert(rule, record, None)
        self.saving.add(receivable, user, tx, draft=False, unchecked_links=False)
        self.lifecycle.submit(receivable, tx)
        self.lifecycle.audit(receivable, user, tx, allow_negative=False, messages=[])
        return [texts.audited_by_itself(receivable.number, receivable.form.caption)]


def _plain_bill(record: Record) -> dict[str, Any]:
    form = record.form
    bill: dict[str, Any] = {"id": record.id, "number": record.number, "status": record.status}
    bill["cancelled"] = record.is_cancelled
    bill["head"] = {
        field.key: _plain(record.values[field.name]) for field in form.head_fields if field.name in record.values
    }
    entity = form.by_name.get((form.lines or "").casefold())
    if form.kind is FormKind.BILL and entity is not None:
        bill["lines"] = [_plain_line(row, entity.fields) for row in record.lines]
    return bill


def _plain_line(row: Row, fields: tuple[Field, ...]) -> dict[str, Any]:
    line: dict[str, Any] = {"entry_id": row.id, "seq": row.seq}
    line |= {field.key: _plain(row.values[field.name]) for field in fields if field.name in row.values}
    line["links"] = [
        {
            "rule": link.rule,
            "form": link.source_form,
            "bill_id": link.source_id,
            "entry_id": link.source_entry,
            "quantity": link.quantity,
        }
        for link in row.links
    ]
    return line


def _plain(value: Any) -> Any:
    return value.number if isinstance(value, Record) else value
