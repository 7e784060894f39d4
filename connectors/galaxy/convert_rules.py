"""Convert rules are data of the tenant (section 11): link rows name the standard ones, the connection knows its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RULE_KEY = "FRuleId"


def with_own_rules(model: Any, own: Mapping[str, str]) -> Any:
    """A field tree whose link rows name the tenant's own convert rules. Unchanged when it has none of its own."""
    if not own:
        return model
    if isinstance(model, Mapping):
        return {
            key: own.get(value, value)
            if key.endswith(_RULE_KEY) and isinstance(value, str)
            else with_own_rules(value, own)
            for key, value in model.items()
        }
    return [with_own_rules(item, own) for item in model] if isinstance(model, list) else model
