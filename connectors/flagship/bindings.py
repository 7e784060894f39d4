"""API bindings: which path, parameters and columns a tenant has set up for each entity (sections 4 and 5).

The defaults are `bindings.yaml` beside this file, which explains the keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from connectors.flagship.envelope import FlagshipCode, fault
from domain.documents import Frozen
from domain.faults import FaultKind

_DEFAULTS = Path(__file__).with_name("bindings.yaml")


class Operation(StrEnum):
    QUERY = "query"
    SAVE = "save"
    SUBMIT = "submit"
    AUDIT = "audit"
    UNAUDIT = "unaudit"
    WITHDRAW = "withdraw"
    DELETE = "delete"


class DayWindow(Frozen):
    """Parameters of a query that bound the bill's date, both inclusive."""

    start: str
    end: str


class Meaning(Frozen):
    """Words of a refused row that mean a code."""

    words: tuple[str, ...] = Field(min_length=1)
    code: FlagshipCode


class EntityBinding(Frozen):
    """One entity, see `bindings.yaml`."""

    app: str
    lines: str = ""
    id: str = "id"
    number: str = "billno"
    status: str = "billstatus"
    cancelled: str = ""
    by_number: str = "billno"
    by_id: str = "id"
    operations: dict[Operation, str] = Field(default_factory=dict)
    filters: dict[str, str] = Field(default_factory=dict)
    reads: dict[str, str] = Field(default_factory=dict)
    dates: tuple[str, ...] = ()
    day: DayWindow | None = None
    statuses: dict[str, str] = Field(default_factory=dict)


class Bindings(Frozen):
    """All of a tenant's bindings."""

    operations: dict[Operation, str]
    meanings: tuple[Meaning, ...] = ()
    entities: dict[str, EntityBinding]

    def entity(self, entity: str) -> EntityBinding:
        """Raises `Fault` refused ``binding_missing``."""
        found = self.entities.get(entity)
        if found is None:
            raise fault(FaultKind.REFUSED, FlagshipCode.BINDING_MISSING, f"there is no binding for {entity}")
        return found

    def path(self, entity: str, operation: Operation) -> str:
        """Request address of an operation, e.g. ``/v2/im/im_saloutbill/query``. Raises `Fault` like `entity`."""
        bound = self.entity(entity)
        path = bound.operations.get(operation) or self.operations[operation]
        return path.format(app=bound.app, entity=entity)


@lru_cache(maxsize=8)
def load(overlay: Path | None = None) -> Bindings:
    """The default bindings with a tenant's laid over them.

    Raises:
        ValueError: the file cannot be read or is no YAML of this shape; the text names file and key.
    """
    tree = _read(_DEFAULTS)
    if overlay is not None:
        tree = _laid_over(tree, _read(overlay))
    try:
        return Bindings.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{overlay or _DEFAULTS}: {place}: {first['msg']}") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"{file}: {error}") from error
    if not isinstance(tree, dict):
        raise ValueError(f"{file}: expected a mapping")
    return tree


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged key by key; everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        merged[key] = _laid_over(under, value) if both and under is not None else value
    return merged
