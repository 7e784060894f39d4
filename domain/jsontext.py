"""JSON that keeps numbers exact: decimals are read as `Decimal` and written as the same digits."""

from __future__ import annotations

from typing import Any

import simplejson


def loads(text: str | bytes) -> Any:
    """Parse JSON; every number with a fraction or exponent becomes a `Decimal`.

    Raises:
        ValueError: not JSON.
    """
    return simplejson.loads(text, use_decimal=True)


def dumps(tree: Any, *, sort_keys: bool = False) -> str:
    """Write JSON compactly, Chinese unescaped, decimals digit by digit."""
    return simplejson.dumps(tree, use_decimal=True, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys)
