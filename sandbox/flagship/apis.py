"""The APIs an administrator has set up: path, entity, what may be asked, what comes back, how a save behaves.

V2 operation APIs are configured per tenant; these are the vendor's presets as far as they are known (section 15.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.flagship.entities import Entity
from sandbox.flagship.tables import ENTITIES


class Operation(StrEnum):
    QUERY = "query"
    SAVE = "save"
    SUBMIT = "submit"
    AUDIT = "audit"
    UNAUDIT = "unaudit"
    WITHDRAW = "withdraw"
    DELETE = "delete"
    INVENTORY = "inventory"
    INVENTORY_SUM = "inventorysum"


class ImportType(StrEnum):
    """What a save does with a record whose candidate key is there or is not (section 5.2)."""

    NEW = "new"
    OVERRIDE = "override"
    OVERRIDE_NEW = "overridenew"


class Comparison(StrEnum):
    IN = "in"
    FROM = ">="
    UNTIL = "<"
    """Up to and including a day that is given without a time."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a request parameter filters: `field` is a key of the answer, ``billentry.…`` for a line's."""

    field: str
    comparison: Comparison = Comparison.IN


@dataclass(frozen=True, slots=True)
class Api:
    """One configured API.

    Attributes:
        path: without ``/kapi``.
        filters: parameters by name; what is not named here is ignored without a word.
        columns: keys of the answer, ``billentry.…`` for a line's; None is all there are.
        accepts: keys a save takes, lines as ``billentry.…``; None is all there are.
        keys: candidate keys of a save, the first one that is sent counts.
        override_entry: an update replaces all lines.
        fire_prop_changed: prices and amounts are computed from each other; off, they stay as they were sent.
        change_audited: `rmStatusControl`: a bill may be changed in any status.
        after_save: further operations on each saved record (`multiOps`); one that fails leaves it half way.
        granted: whether our application may call it.
    """

    path: str
    entity: str
    operation: Operation
    method: str = "POST"
    filters: Mapping[str, Condition] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    accepts: tuple[str, ...] | None = None
    keys: tuple[str, ...] = ()
    import_type: ImportType = ImportType.OVERRIDE_NEW
    override_entry: bool = False
    fire_prop_changed: bool = True
    change_audited: bool = False
    after_save: tuple[Operation, ...] = ()
    granted: bool = True

    @property
    def code(self) -> str:
        """Last part of the path."""
        return self.path.rpartition("/")[2]


class Apis:
    """Finds an API by method and path."""

    def __init__(self) -> None:
        self._by_path: dict[str, dict[str, Api]] = {}
        for api in presets():
            self.add(api)

    def add(self, api: Api) -> None:
        """Set up an API, or set up one with the same path and method anew."""
        self._by_path.setdefault(api.path, {})[api.method] = api

    def remove(self, path: str) -> None:
        """Disable everything at a path. Raises KeyError."""
        del self._by_path[path]

    def at(self, path: str) -> Mapping[str, Api]:
        """By method; ``null`` in place of a developer mark means none (section 4)."""
        return self._by_path.get(path) or self._by_path.get(path.replace("/v2/null/", "/v2/", 1)) or {}


_QUERIES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("im_transapply", "im_transdirbill", "im_transoutbill", "im_transinbill"), ("getList",)),
    **dict.fromkeys(
        ("sm_delivernotice", "bd_customer", "bd_measureunits", "bd_materialgroup", "bd_supplier", "bd_warehouse"),
        ("batchQuery",),
    ),
    "im_purreceivebill": ("query", "getlist"),
    "bd_material": ("batchQuery", "query"),
}
_SAVES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *("sm_salorder", "im_saloutbill", "im_transdirbill", "im_transoutbill", "im_transinbill", "im_otherinbill"),
            *("im_otheroutbill", "im_surplusbill", "im_deficitbill", "cal_costadjustbill", "ar_finarbill"),
        ),
        ("batchAdd",),
    ),
    **dict.fromkeys(("pm_purorderbill", "im_purinbill"), ("add",)),
    **dict.fromkeys(("bd_material", "bd_customer", "bd_warehouse", "bd_exrate_tree"), ("save",)),
    "cas_recbill": ("addSave",),
    "gl_voucher": ("voucherAdd",),
    "bd_supplier": ("save", "batchSave"),
}
_STEPS = {
    Operation.SUBMIT: "batchSubmit",
    Operation.AUDIT: "batchAudit",
    Operation.UNAUDIT: "batchUnAudit",
    Operation.WITHDRAW: "batchWithdraw",
    Operation.DELETE: "batchDelete",
}
_ASKED_BY_GET = ("bd_supplier", "bd_warehouse")
_PLAIN = (
    "bos_",
    "bd_biztype",
    "im_invscheme",
    "bd_inv",
    "bd_taxrate",
    "bd_currency",
    "bd_accountview",
    "bd_exratetable",
)
"""Small lists that nobody reads or writes by API here."""
_DAYS = ("bizdate", "biztime", "bookdate", "bookeddate", "createtime", "modifytime", "auditdate")
_PARTIES = ("customer_number", "supplier_number", "org_number", "createorg_number")
_LINE_FILTERS = ("srcsysbillno", "srcsysbillentryid", "srcbillid", "srcbillentryid", "mainbillnumber")


def presets() -> Iterator[Api]:
    """The vendor's preset APIs."""
    for entity in ENTITIES:
        if entity.id.startswith(_PLAIN):
            continue
        yield from _presets_of(entity)
    yield Api("/v2/im/getInventoryDetail", "", Operation.INVENTORY)
    yield Api("/v2/im/getInventorySum", "", Operation.INVENTORY_SUM)


def _presets_of(entity: Entity) -> Iterator[Api]:
    base = f"/v2/{entity.app}/{entity.id}"
    filters = filters_of(entity)
    for code in _QUERIES.get(entity.id, ("query",)):
        yield Api(f"{base}/{code}", entity.id, Operation.QUERY, filters=filters)
    if entity.id in _ASKED_BY_GET:
        yield Api(f"{base}/query", entity.id, Operation.QUERY, "GET", filters=filters)
    for code in _SAVES.get(entity.id, ()):
        yield Api(f"{base}/{code}", entity.id, Operation.SAVE, keys=("id", entity.number))
    if entity.id in _SAVES:
        selection = {key: Condition(key) for key in ("id", entity.number)}
        for operation, code in _STEPS.items():
            yield Api(f"{base}/{code}", entity.id, operation, filters=selection)


def filters_of(entity: Entity) -> dict[str, Condition]:
    """The parameters a query is usually given: number, status, windows of days, parties, source numbers of lines."""
    found = {key: Condition(key) for key in ("id", entity.number, entity.status, "enable")}
    for day in _DAYS:
        if day in entity.head:
            found[f"start_{day}"] = Condition(day, Comparison.FROM)
            found[f"end_{day}"] = Condition(day, Comparison.UNTIL)
    found |= {key: Condition(key) for key in _PARTIES if key.removesuffix("_number") in entity.head}
    if entity.entry:
        found |= {key: Condition(f"{entity.entry}.{key}") for key in _LINE_FILTERS if key in entity.lines}
        if "material" in entity.lines:
            found["material_number"] = Condition(f"{entity.entry}.material_masterid_number")
    return found
