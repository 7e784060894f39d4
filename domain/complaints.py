"""What is wrong with a source document, in words for people: where, what was expected, what was there instead."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from domain.masking import mask


class Complaint(NamedTuple):
    """One thing that is wrong with a row: where, what was expected, what was there instead (masked)."""

    field: str
    expected: str
    got: str


def explain(error: ValidationError) -> tuple[Complaint, ...]:
    """What is wrong, in words for people, one entry per field; dotted paths with line numbers from 0."""
    return tuple(_complaint(detail) for detail in error.errors(include_url=False))


_EXPECTED = {
    "missing": "a value",
    "string_type": "a text",
    "decimal_parsing": "a decimal number",
    "decimal_type": "a decimal number",
    "finite_number": "a decimal number",
    "string_pattern_mismatch": "three capital letters",
    "timezone_aware": "a time with its zone",
    "tuple_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
}


def _complaint(detail: ErrorDetails) -> Complaint:
    path = detail["loc"]
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("expected ")
    message = message.partition(", got ")[0]
    expected = detail["ctx"]["expected"] if detail["type"] == _OWN else _EXPECTED.get(detail["type"], message)
    if detail["type"] == "enum":
        expected = f"one of {detail['ctx']['expected']}"
    return Complaint(".".join(map(str, path)), expected, _shown(detail))


def _shown(detail: ErrorDetails) -> str:
    """The value as it may be shown; nothing of it where its key tells of a person or a secret."""
    value = None if detail["type"] == "missing" else detail["input"]
    if value is None or value == "":
        return "nothing"
    names = [part for part in detail["loc"] if isinstance(part, str)]
    text = str(mask({names[-1] if names else "": value}).popitem()[1])
    return text if len(text) <= 60 else text[:60] + "…"


_OWN = "not_as_expected"


def wrong_value(where: str | tuple[str | int, ...], expected: str, got: Any) -> InitErrorDetails:
    """A complaint of a model's own rule, for `ValidationError.from_exception_data`."""
    return InitErrorDetails(
        type=PydanticCustomError(_OWN, "expected {expected}", {"expected": expected}),
        loc=where if isinstance(where, tuple) else (where,),
        input=got,
    )
