"""How a form is described: its fields, entities, what its audit moves, how its amounts come about.

A form is data. Adding one is adding one definition to `sandbox.galaxy.forms` (vendor document, sections 10 and 12).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    DATE = "date"
    BOOL = "bool"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BASE = "base"
    """A reference to base data, or to an organisation, unit, user …"""
    LOT = "lot"
    """A reference to the lot master; the lot belongs to the material of its row."""
    FLEX = "flex"
    """A set of references (stock location, auxiliary property), kept as it came."""


OWNER_FORMS = {
    "BD_OwnerOrg": "ORG_Organizations",
    "BD_KeeperOrg": "ORG_Organizations",
    "BD_Customer": "BD_Customer",
    "BD_Supplier": "BD_Supplier",
}
"""What an owner or keeper type says about the number next to it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Attributes:
        key: as the vendor spells it; matched without regard to case.
        ref: form id of the base data a BASE field points to.
        ref_by: key of the field of the same row that says what a BASE field points to (owner, keeper).
        default: value of the field when it was not sent; for BASE the number.
        computed: written by the server only; what a client sends is ignored.
        indexed: equality filters on it are looked up instead of searched.
    """

    key: str
    caption: str
    kind: Kind = Kind.TEXT
    required: bool = False
    ref: str | None = None
    ref_by: str | None = None
    default: Any = None
    computed: bool = False
    indexed: bool = False
    max_length: int | None = None
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.key.casefold())

    @property
    def property_name(self) -> str:
        """The key of the field in a View reply: the field key without its F."""
        return self.key.removeprefix("F")


class Level(StrEnum):
    """Where an entity sits."""

    HEAD = "head"
    SUBHEAD = "subhead"
    """An object next to the entries; its fields are addressed like head fields."""
    ENTRY = "entry"
    SUBENTRY = "subentry"
    """Rows inside an entry row."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A group of fields.

    Attributes:
        orm: its key in a View reply.
        table: physical table, as entry links name it.
        parent: key of the entry a SUBENTRY belongs to.
    """

    key: str
    caption: str
    level: Level
    fields: tuple[Field, ...]
    orm: str = ""
    table: str = ""
    parent: str | None = None

    @property
    def is_rows(self) -> bool:
        return self.level in (Level.ENTRY, Level.SUBENTRY)


class FormKind(StrEnum):
    BILL = "bill"
    BASE = "base"
    QUERY_ONLY = "query_only"


@dataclass(frozen=True, slots=True)
class Movement:
    """What the audit of a bill does to the inventory, one side of it (section 13).

    Attributes:
        sign: +1 in, -1 out.
        org: folded head key of the stock organisation.
        material … location: folded keys of the entry's fields.
        reversed_by: folded head key and value that turn the movement round (FStockDirect RETURN).
    """

    sign: int
    entity: str
    org: str
    material: str
    quantity: str
    stock: str
    status: str
    lot: str
    owner_type: str
    owner: str
    keeper_type: str | None = None
    keeper: str | None = None
    location: str | None = None
    reversed_by: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class AmountRule:
    """Where a form keeps what its line amounts are computed from and written to (folded keys)."""

    entity: str
    quantity: str
    currency: str
    day: str = "fdate"
    free: str = "fisfree"
    amount: str = "famount"
    tax: str = "fentrytaxamount"
    total: str = "fallamount"
    amount_lc: str = "famount_lc"
    tax_lc: str = "ftaxamount_lc"
    total_lc: str = "fallamount_lc"
    discount_rate: str = "fdiscountrate"
    price: str = "fprice"
    tax_price: str = "ftaxprice"
    tax_rate: str = "fentrytaxrate"
    included: str = "fisincludedtax"
    rate: str = "fexchangerate"
    local_currency: str = "flocalcurrid"
    rate_type: str = "fexchangetypeid"
    head_amount: str = "fbillamount"
    head_tax: str = "fbilltaxamount"
    head_total: str = "fbillallamount"
    head_amount_lc: str = "fbillamount_lc"
    head_tax_lc: str = "fbilltaxamount_lc"
    head_total_lc: str = "fbillallamount_lc"


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the ERP.

    Attributes:
        pk: key of the internal id; number: key of the number; both are looked up, never stored as fields.
        prefix: what numbers given by the server begin with.
        day: head key of the business date.
        in_period: a closed period refuses the form's bills.
        lines: key of the entry whose rows carry goods; `quantity` is the folded key of their quantity.
    """

    id: str
    caption: str
    kind: FormKind
    pk: str
    number: str
    prefix: str
    entities: tuple[Entity, ...]
    day: str | None = None
    in_period: bool = False
    lines: str | None = None
    quantity: str = ""
    movements: tuple[Movement, ...] = ()
    amounts: AmountRule | None = None
    by_name: dict[str, Entity] = field(init=False, repr=False, compare=False, default_factory=dict)
    fields: dict[str, tuple[Entity, Field]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for entity in self.entities:
            self.by_name[entity.key.casefold()] = entity
            for each in entity.fields:
                self.fields.setdefault(each.name, (entity, each))

    @property
    def head(self) -> Entity:
        return self.entities[0]

    @property
    def head_fields(self) -> Iterator[Field]:
        """Fields of the head and its sub-heads."""
        for entity in self.entities:
            if not entity.is_rows:
                yield from entity.fields

    def children(self, entity: Entity) -> tuple[Entity, ...]:
        return tuple(child for child in self.entities if child.parent == entity.key)

    def with_field(self, entity_key: str, added: Field) -> Form:
        """The form with one more field, as a tenant adds its own (``F_XXXX_…``). Raises KeyError: no such entity."""
        wanted = self.by_name[entity_key.casefold()].key
        entities = tuple(
            replace(entity, fields=(*entity.fields, added)) if entity.key == wanted else entity
            for entity in self.entities
        )
        return replace(self, entities=entities)
