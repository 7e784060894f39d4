"""What is wrong with a file, in the file's own terms: its line, its field, what was expected there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.mapping import RULE_KINDS, Const, Each, Group, Link, Lookup, Rows, Source, When
from flows.yamltree import FlowFileError, Lines, line_of, load

M = TypeVar("M", bound=BaseModel)
Place = tuple[str | int, ...]

_MATCHING = {"source": "Source", "lookup": "Lookup"}
"""The two kinds of rule that may stand in a link's `match`, with pydantic's names for them."""

_EXPECTED = {
    "missing": "a value, it is missing",
    "rule": f"exactly one of {', '.join(RULE_KINDS)}",
    "tuple_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "string_type": "a text",
}
_SCALARS = ("bool", "int", "decimal", "str")
_RULES: dict[str, type[BaseModel]] = {
    "source": Source, "const": Const, "lookup": Lookup, "link": Link, "when": When, "each": Each, "rows": Rows,
    "fields": Group,
}  # fmt: skip


def parse(model: type[M], file: Path) -> tuple[M, Lines]:
    """The file as `model`, with the line of every value. Raises FlowFileError at the first thing that is wrong."""
    tree, lines = load(file)
    for place in lines:
        if _is_rule(place) and not _may_be_rule(place, _at(tree, place)):
            kinds = " or ".join(_MATCHING) if place[0] == "links" else ", ".join(RULE_KINDS)
            raise _complaint(file, lines, place, f"exactly one of {kinds}", _at(tree, place))
    try:
        return model.model_validate(tree), lines
    except ValidationError as error:
        details = next(d for d in error.errors(include_url=False) if not _is_other_branch(tree, d["loc"]))
        place = _place(lines, details["loc"])
        raise _complaint(file, lines, place, _expected(model, details), details["input"]) from error


def _complaint(file: Path, lines: Lines, place: Place, expected: str, got: Any) -> FlowFileError:
    field = ".".join(str(part) for part in place) or "(file)"
    shown = repr(got)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return FlowFileError(file, line_of(lines, place), field, f"expected {expected} (got {shown})")


def _is_rule(place: Place) -> bool:
    """Whether a rule of a field table, or of a link's `match`, stands there."""
    match place:
        case ("fields", *_, "when" | "then" | "else"):
            return True
        case ("fields", _) | ("fields", *_, "fields", str()) | ("fields", *_, "rows", int(), str()):
            return True
        case ("links", str(), "match", str()):
            return True
    return False


def _may_be_rule(place: Place, value: Any) -> bool:
    return isinstance(value, dict) and (place[0] != "links" or len(value.keys() & _MATCHING) == 1)


def _place(lines: Lines, loc: Place) -> Place:
    """Where an error stands in the file: pydantic also names the kind of each rule, and types that were tried."""
    place: Place = ()
    after_rule = False
    for index, part in enumerate(loc):
        if _is_rule(place) and not after_rule:
            after_rule = True
            continue
        after_rule = False
        if (*place, part) in lines or (index == len(loc) - 1 and isinstance(part, str) and not _is_type(part)):
            place = (*place, part)
    return place


def _is_type(part: str) -> bool:
    return part in ("[key]", *_SCALARS)


def _is_other_branch(tree: Any, loc: Place) -> bool:
    """A link's `match` takes two kinds of rule; the kind that was not meant has nothing to say."""
    if not _is_rule(loc[:4]) or loc[0] != "links" or len(loc) < 5:
        return False
    given = _at(tree, loc[:4])
    return (loc[4] == "Source" and "lookup" in given) or (loc[4] == "Lookup" and "lookup" not in given)


def _at(tree: Any, place: Place) -> Any:
    for part in place:
        tree = tree[part]
    return tree


def _expected(model: type[BaseModel], details: ErrorDetails) -> str:
    if details["type"] == "extra_forbidden":
        return f"one of {', '.join(_keys(model, details['loc'][:-1]))}"
    if details["loc"] and details["loc"][-1] in _SCALARS:
        return "true, false, a number or a text"
    plain = details["msg"].removeprefix("Input should be ").removeprefix("String should match ")
    return _EXPECTED.get(details["type"], plain)


def _keys(model: type[BaseModel], loc: Place) -> list[str]:
    """The keys that may stand where pydantic's `loc` leads."""
    here: Any = model
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            names = {field.alias or name: field.annotation for name, field in here.model_fields.items()}
            here = names[str(part)]
        elif get_origin(here) in (dict, tuple):
            here = get_args(here)[-1 if get_origin(here) is dict else 0]
        else:
            here = _RULES[str(part).lower()]
    return [field.alias or name for name, field in here.model_fields.items()]
