"""What the auditor, and whoever fills the world, want of a simulated ERP, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from sandbox.faults import Faults
from sandbox.flagship.state import FlagshipState
from sandbox.galaxy.state import GalaxyState
from sandbox.http import CallCounter
from sandbox.world import erp_books, flagship_books
from sandbox.world.books import Books


class ErpSystem(StrEnum):
    """The ERPs of the world. Each has all base data and stock; the books of one are audited."""

    GALAXY = "galaxy"
    FLAGSHIP = "flagship"


class Tenant(Protocol):
    """Base data and opening stock can be put into it."""

    def add_organization(self, number: str, name: str = "") -> Any: ...

    def add_customer(self, number: str, name: str = "") -> Any: ...

    def add_stock(self, number: str, name: str = "") -> Any: ...

    def add_material(
        self, number: str, name: str = "", *, batch_managed: bool = False, service: bool = False, unit: str = "Pcs"
    ) -> Any: ...

    def add_stock_quantity(self, stock: str, material: str, quantity: Decimal, lot: str | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """The audited ERP, as it is at each moment it is asked."""

    books: Callable[[], Books]
    inventory: Callable[[], Mapping[tuple[str, str], Decimal]]
    closed_until: Callable[[], str | None]
    calls: CallCounter
    faults: Faults


def ledger_of(system: ErpSystem, galaxy: GalaxyState, flagship: FlagshipState) -> Ledger:
    """The ledger of one of the two."""
    if system is ErpSystem.GALAXY:
        return Ledger(
            books=lambda: erp_books.read_books(galaxy),
            inventory=lambda: erp_books.read_inventory(galaxy),
            closed_until=lambda: galaxy.switches.closed_until,
            calls=galaxy.calls,
            faults=galaxy.faults,
        )
    return Ledger(
        books=lambda: flagship_books.read_books(flagship),
        inventory=lambda: flagship_books.read_inventory(flagship),
        closed_until=lambda: flagship.switches.closed_until,
        calls=flagship.calls,
        faults=flagship.faults,
    )
