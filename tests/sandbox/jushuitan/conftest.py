from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox.jushuitan.app import create_app
from tests.sandbox.jushuitan.tenant import Caller, Clock, Tenant, make_state


@pytest.fixture
def config_overrides() -> dict[str, Any]:
    """Settings of the tenant; tests override them by parametrising `config_overrides`."""
    return {}


@pytest.fixture
async def tenant(config_overrides: dict[str, Any]) -> AsyncIterator[Tenant]:
    clock = Clock()
    state = make_state(clock, **config_overrides)
    transport = httpx.ASGITransport(create_app(state), client=("10.1.1.1", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://jushuitan") as http:
        yield Tenant(state, clock, Caller(http, state.config, clock))
