"""The inventory ledger: what audits move, kept by all dimensions of section 13."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sandbox.galaxy import texts
from sandbox.galaxy.lots import is_inbound
from sandbox.galaxy.metadata import Movement
from sandbox.galaxy.records import Record, Row
from sandbox.galaxy.replies import Refusal
from sandbox.galaxy.store import Database

NEGATIVE_STOCK_FLAG = "STK_InvCheckResult"
SERVICE = "6"
"""FErpClsID of a material that is a service: it is sold, but there is nothing to keep (our assumption)."""

_ZERO = Decimal(0)


class Dimension(NamedTuple):
    """What makes two quantities different quantities."""

    org: Record | None
    stock: Record | None
    status: Record | None
    material: Record
    lot: Record | None = None
    owner_type: str | None = "BD_OwnerOrg"
    owner: Record | None = None
    keeper_type: str | None = "BD_KeeperOrg"
    keeper: Record | None = None
    location: tuple[tuple[str, str], ...] = ()
    aux: tuple[tuple[str, str], ...] = ()
    mto: str = ""
    produced: str = ""
    expires: str = ""


class Inventory:
    """Balances; each is a record of STK_Inventory and can be queried there."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._store = db.store("STK_Inventory")
        self._balances: dict[Dimension, Record] = {}
        self._serial = 0

    def quantity(self, dimension: Dimension) -> Decimal:
        balance = self._balances.get(dimension)
        return _ZERO if balance is None else balance.values["fbaseqty"]

    def post(self, record: Record, direction: int, *, allow_negative: bool) -> dict[Dimension, Decimal]:
        """Move what an audit (+1) or un-audit (-1) of a bill moves; what was moved comes back.

        Raises:
            Refusal: a balance would become negative that may not; then nothing was moved.
        """
        moved = _moved_by(record, direction)
        if not allow_negative:
            for dimension, change in moved.items():
                if change < 0 and self.quantity(dimension) + change < 0 and not _may_be_negative(dimension):
                    raise Refusal(texts.NEGATIVE_STOCK, field="AbstractInteractionResult")
        self.apply(moved)
        return moved

    def apply(self, changes: dict[Dimension, Decimal], sign: int = 1) -> None:
        """Change balances without asking; `sign` -1 takes the changes back."""
        now = self._db.now()
        for dimension, change in changes.items():
            balance = self._balances.get(dimension) or self._open(dimension)
            quantity = balance.values["fbaseqty"] + change * sign
            for name in ("fbaseqty", "fqty", "fbaseavbqty", "favbqty"):
                balance.values[name] = quantity
            balance.values["fupdatetime"] = now

    def _open(self, dimension: Dimension) -> Record:
        self._serial += 1
        balance = Record(self._store.form, str(UUID(int=self._serial)), "")
        unit = dimension.material.values.get("fbaseunitid")
        balance.values = {
            "fstockorgid": dimension.org,
            "fmaterialid": dimension.material,
            "fstockid": dimension.stock,
            "fstockstatusid": dimension.status,
            "flot": dimension.lot,
            "fownertypeid": dimension.owner_type,
            "fownerid": dimension.owner,
            "fkeepertypeid": dimension.keeper_type,
            "fkeeperid": dimension.keeper,
            "fstocklocid": dict(dimension.location),
            "fauxpropid": dict(dimension.aux),
            "fmtono": dimension.mto,
            "fproducedate": dimension.produced or None,
            "fexpirydate": dimension.expires or None,
            "fbaseunitid": unit,
            "fstockunitid": unit,
            "fbaseqty": _ZERO,
            "fbaselockqty": _ZERO,
            "fsecqty": _ZERO,
        }
        self._balances[dimension] = balance
        self._store.add(balance)
        return balance


def keeps_stock(material: object) -> bool:
    return isinstance(material, Record) and material.values.get("ferpclsid") != SERVICE


def _may_be_negative(dimension: Dimension) -> bool:
    return dimension.stock is not None and dimension.stock.flag("fallowminusqty")


def _moved_by(record: Record, direction: int) -> dict[Dimension, Decimal]:
    moved: defaultdict[Dimension, Decimal] = defaultdict(lambda: _ZERO)
    for movement in record.form.movements:
        sign = direction if is_inbound(record, movement) else -direction
        for row in record.entries.get(movement.entity.casefold(), ()):
            quantity = row.values.get(movement.quantity)
            if quantity and keeps_stock(row.values.get(movement.material)):
                moved[_dimension(record, row, movement)] += quantity * sign
    return moved


def _dimension(record: Record, row: Row, movement: Movement) -> Dimension:
    values = row.values
    org = record.values.get(movement.org)
    material = values[movement.material]
    lot = values.get(movement.lot)
    keeper = values.get(movement.keeper) if movement.keeper else None
    keeper_type = values.get(movement.keeper_type, "BD_KeeperOrg") if movement.keeper_type else "BD_KeeperOrg"
    produced = expires = ""
    if material.flag("fiskfperiod"):
        of_lot = lot.values if lot is not None else {}
        produced = values.get("fproducedate") or of_lot.get("fproducedate") or ""
        expires = values.get("fexpirydate") or of_lot.get("fexpirydate") or ""
    return Dimension(
        org,
        values.get(movement.stock),
        values.get(movement.status),
        material,
        lot,
        values.get(movement.owner_type, "BD_OwnerOrg"),
        values.get(movement.owner),
        keeper_type,
        keeper if keeper is not None else org,
        _flex(values.get(movement.location)) if movement.location else (),
        _flex(values.get("fauxpropid")),
        values.get("fmtono") or "",
        produced,
        expires,
    )


def _flex(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(value.items())) if value else ()
