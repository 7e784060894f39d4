from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest

from sandbox.http import serve
from sandbox.rates.app import create_app
from sandbox.rates.state import SHANGHAI, RatesState
from tests.sandbox.rates.stage import Stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serve(stage) as stage.url:
        yield stage


@pytest.fixture
def rates_state() -> RatesState:
    """All published days are out: it is the Saturday after the last of them."""
    state = RatesState()
    state.set_clock(datetime(2026, 9, 5, 12, tzinfo=SHANGHAI))
    return state


@pytest.fixture
def site(stage: Stage, rates_state: RatesState) -> Iterator[httpx.Client]:
    stage.app = create_app(rates_state)
    with httpx.Client(base_url=stage.url, timeout=10) as client:
        yield client
