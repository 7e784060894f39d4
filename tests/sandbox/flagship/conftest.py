"""A seeded 旗舰版 tenant with a clock that a test turns, and a client that has its token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import pytest

from sandbox.flagship.app import create_app
from sandbox.flagship.clock import CHINA
from sandbox.flagship.state import FlagshipState
from tests.sandbox.flagship.office import Office


@dataclass
class Hand:
    """The hand of the tenant's clock."""

    now: datetime = datetime(2026, 11, 22, 10, 0, tzinfo=CHINA)

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def state(hand: Hand) -> FlagshipState:
    state = FlagshipState(clock=lambda: hand.now)
    state.seed(
        {
            "materials": [
                {"number": "SKU1", "name": "水杯"},
                {"number": "SKU2"},
                {"number": "LOT1", "batch_managed": True},
                {"number": "SVC1", "service": True},
            ],
            "customers": [{"number": "SHOP01", "name": "旗舰店"}],
            "suppliers": [{"number": "VEN01"}],
            "warehouses": [{"number": "CK01"}, {"number": "CK02"}],
            "quantities": [
                {"stock": "CK01", "material": "SKU1", "quantity": 100},
                {"stock": "CK01", "material": "LOT1", "quantity": 10, "lot": "L1"},
            ],
        }
    )
    state.switches.calls_per_second = None
    return state


@pytest.fixture
async def stranger(state: FlagshipState) -> AsyncIterator[Office]:
    """A client that has no token yet."""
    transport = httpx.ASGITransport(create_app(state))
    async with httpx.AsyncClient(transport=transport, base_url="http://kd.test") as http:
        yield Office(http, state)


@pytest.fixture
async def office(stranger: Office) -> Office:
    await stranger.log_in()
    return stranger
