"""What an entity of the tenant is: its fields, its lines, the goods it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.flagship.fields import Field


@dataclass(frozen=True, slots=True)
class Movement:
    """Goods an audit moves: `warehouse` is the line key of the place, `org` the head key of its organisation.

    `status` and `type` are the line keys of the stock status and type; `sign` is +1 for goods that come in.
    """

    sign: int
    warehouse: str = "warehouse"
    org: str = "org"
    status: str = "invstatus"
    type: str = "invtype"
    lot: str = "lotnumber"


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity of the tenant.

    Attributes:
        app: the owning application, first part of its APIs' paths.
        entry: key of its lines; empty for base data and bills without any.
        day: head key of the date that decides about the closed period; empty: none does.
        returns: business types that allow negative quantities (red bills, section 15.3).
    """

    id: str
    app: str
    title: str
    head: Mapping[str, Field]
    entry: str = ""
    lines: Mapping[str, Field] = field(default_factory=dict)
    movements: tuple[Movement, ...] = ()
    day: str = ""
    returns: frozenset[str] = frozenset()
    is_base: bool = False

    @property
    def number(self) -> str:
        """Key of the number that people know it by."""
        return "number" if self.is_base else "billno"

    @property
    def status(self) -> str:
        return "status" if self.is_base else "billstatus"
