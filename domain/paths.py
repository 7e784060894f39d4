"""Paths into a source document, such as ``document.items.qty``: checked against the model once, followed many times."""

from __future__ import annotations

from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel


class PathError(ValueError):
    """A path that leads nowhere in the model it is meant for."""


def _strip(annotation: Any) -> Any:
    """The type itself: without Annotated and without None."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            rest = [arg for arg in get_args(annotation) if arg is not NoneType]
            if len(rest) != 1:
                return annotation
            annotation = rest[0]
        else:
            return annotation


def _getter(attribute: Any) -> Any:
    """The function behind a property, cached or not; None for anything else."""
    if isinstance(attribute, cached_property):
        return attribute.func
    return attribute.fget if isinstance(attribute, property) else None


def _member(model: type[BaseModel], name: str) -> Any:
    field = model.model_fields.get(name)
    if field is not None:
        return field.annotation
    getter = _getter(getattr(model, name, None))
    if getter is not None:
        return get_type_hints(getter)["return"]
    known = sorted(set(model.model_fields) | {n for n, v in vars(model).items() if _getter(v) is not None})
    raise PathError(f"{model.__name__} has no field {name!r}; it has {', '.join(known)}")


def type_at(root: type[BaseModel], parts: tuple[str, ...]) -> Any:
    """The type a path leads to.

    Raises:
        PathError: a part is not a field or property of the model it is looked up in.
    """
    here: Any = root
    for part in parts:
        here = _strip(here)
        if not (isinstance(here, type) and issubclass(here, BaseModel)):
            raise PathError(f"{part!r} is looked up in a plain value")
        here = _member(here, part)
    return _strip(here)


def row_type(root: type[BaseModel], parts: tuple[str, ...]) -> type[BaseModel]:
    """The model of one row of the list a path leads to.

    Raises:
        PathError: the path does not lead to a tuple or list of models.
    """
    found = type_at(root, parts)
    if get_origin(found) in (tuple, list):
        row = _strip(get_args(found)[0])
        if isinstance(row, type) and issubclass(row, BaseModel):
            return row
    raise PathError(f"{'.'.join(parts)} is not a list of rows")


def follow(start: Any, parts: tuple[str, ...]) -> Any:
    """The value a checked path leads to; None as soon as a part of the way is None."""
    for part in parts:
        if start is None:
            return None
        start = getattr(start, part)
    return start
