"""A Jushuitan merchant served over HTTP, whose clock stands still, and the connector pointed at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from connectors.jushuitan.client import JushuitanClient
from sandbox.http import serve
from sandbox.jushuitan.app import create_app
from sandbox.jushuitan.config import JushuitanConfig
from sandbox.jushuitan.documents import Shop, Warehouse
from sandbox.jushuitan.state import JushuitanState
from tests.connectors.jushuitan.kit import Clock, with_tokens


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def config() -> dict[str, Any]:
    """Settings of the merchant; tests override it."""
    return {}


@pytest.fixture
def merchant(clock: Clock, config: dict[str, Any]) -> JushuitanState:
    state = JushuitanState(JushuitanConfig(**({"per_second": None, "per_minute": None} | config)), clock=clock)
    state.add_shop(Shop(101, "Harbour Lane US", shop_site="Amazon"))
    state.add_warehouse(Warehouse(11, "宁波一号仓", is_main=True))
    return state


@pytest.fixture
def jushuitan(merchant: JushuitanState) -> Iterator[str]:
    """Base URL of the merchant, without a trailing slash."""
    with serve(create_app(merchant)) as url:
        yield url


@pytest.fixture
async def client(jushuitan: str, clock: Clock) -> AsyncIterator[JushuitanClient]:
    async with JushuitanClient(with_tokens(jushuitan), now=clock.unix) as client:
        yield client
