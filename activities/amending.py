"""Correcting fields of a source snapshot by hand: only what the source model knows, only to what it accepts."""

from __future__ import annotations

import hashlib
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from domain import jsontext
from domain.journal import DocumentRecord, Sighting
from domain.paths import type_at


class Uncorrectable(ValueError):
    """A correction that cannot be made: names the field and what was expected."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: {expected}")
        self.field, self.expected = field, expected


def corrected(record: DocumentRecord, model: type[BaseModel], corrections: dict[str, str]) -> Sighting:
    """The snapshot with the corrections made (``items.0.qty`` → ``"3"``), still valid by its model.

    Raises:
        Uncorrectable: a path leads nowhere, or the model refuses the value.
    """
    tree = jsontext.loads(record.body)
    for path, value in corrections.items():
        _put(tree, path, value)
        _must_be_field(model, path)
    try:
        model.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Uncorrectable(".".join(str(part) for part in first["loc"]), first["msg"]) from error
    body = jsontext.dumps(tree)
    return Sighting(
        key=record.key,
        version="amended-" + hashlib.sha256(body.encode()).hexdigest()[:24],
        body=body,
        platform_no=record.platform_no,
        shop=record.shop,
        warehouse=record.warehouse,
        related=record.related,
        skus=record.skus,
        correction=True,
    )


def _must_be_field(model: type[BaseModel], path: str) -> None:
    """The source has fields we never read; correcting one of those, or a misspelt one, would change nothing."""
    here: Any = model
    for part in path.split("."):
        if part.isdigit():
            continue
        fields = here.model_fields if isinstance(here, type) and issubclass(here, BaseModel) else {}
        if part not in fields:
            expected = f"expected one of {', '.join(sorted(fields))}" if fields else "expected no further field"
            raise Uncorrectable(path, f"{expected}, got {part!r}")
        found = type_at(here, (part,))
        here = get_args(found)[0] if get_origin(found) in (tuple, list) else found


def _put(tree: Any, path: str, value: str) -> None:
    *parents, leaf = path.split(".")
    here = tree
    for part in parents:
        here = _child(here, part, path)
    if isinstance(here, list):
        _child(here, leaf, path)
        here[int(leaf)] = value
    elif isinstance(here, dict):
        here[leaf] = value
    else:
        raise Uncorrectable(path, "expected a path into the source document")


def _child(here: Any, part: str, path: str) -> Any:
    if isinstance(here, list):
        if not part.isdecimal() or int(part) >= len(here):
            raise Uncorrectable(path, f"expected a row number below {len(here)}, got {part!r}")
        return here[int(part)]
    if isinstance(here, dict) and part in here:
        return here[part]
    raise Uncorrectable(path, f"expected a field of the source document, got {part!r}")
