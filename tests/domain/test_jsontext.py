"""JSON keeps every digit."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import jsontext

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | NUMBERS
TREES = st.recursive(
    LEAVES, lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(max_size=5), t, max_size=4), max_leaves=12
)


@settings(derandomize=True, database=None, deadline=None, max_examples=80)
@given(TREES)
def test_what_is_written_is_read_back(tree: Any) -> None:
    text = jsontext.dumps(tree)
    back = jsontext.loads(text)
    assert back == tree
    assert jsontext.dumps(back) == text
    json.loads(text)  # and anybody else can read it


@pytest.mark.parametrize("number", ["0.10", "1.00", "19.900000", "0.1234567890123456789", "-0.005", "1E+2"])
def test_every_digit_stays(number: str) -> None:
    read = jsontext.loads(number.lower() if "E" in number else number)
    assert isinstance(read, Decimal) and str(read) == number
    assert Decimal(jsontext.dumps(read)) == read
    assert str(jsontext.loads(jsontext.dumps({"a": Decimal(number)}))["a"]) == number


def test_integers_stay_integers() -> None:
    big = 9223372036854775808123
    assert jsontext.loads(str(big)) == big
    assert isinstance(jsontext.loads("7"), int)


def test_compact_and_chinese() -> None:
    assert jsontext.dumps({"店": ["一", Decimal("1.0")], "a": True}) == '{"店":["一",1.0],"a":true}'
    assert jsontext.dumps({"b": 1, "a": {"d": 1, "c": 2}}, sort_keys=True) == '{"a":{"c":2,"d":1},"b":1}'
    assert jsontext.loads('{"店":1}'.encode()) == {"店": 1}


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "<html>", "{} {}"])
def test_what_is_not_json(text: str) -> None:
    with pytest.raises(ValueError):
        jsontext.loads(text)
