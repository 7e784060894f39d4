"""A seeded 云星空 tenant, a client logged in to it in process, and the same tenant served on a free port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from sandbox.galaxy.app import create_app
from sandbox.galaxy.state import GalaxyState
from sandbox.http import serve
from tests.sandbox.galaxy.desk import Desk, login


@pytest.fixture
def state() -> GalaxyState:
    state = GalaxyState()
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
            "stocks": [{"number": "CK01"}, {"number": "CK02"}, {"number": "CK99", "allow_minus": True}],
            "quantities": [
                {"stock": "CK01", "material": "SKU1", "quantity": 100},
                {"stock": "CK01", "material": "SKU2", "quantity": 100},
                {"stock": "CK01", "material": "LOT1", "quantity": 10, "lot": "L1"},
            ],
        }
    )
    return state


@pytest.fixture
async def desk(state: GalaxyState) -> AsyncIterator[Desk]:
    transport = httpx.ASGITransport(create_app(state))
    async with httpx.AsyncClient(transport=transport, base_url="http://kd.test") as http:
        config = state.config
        parameters = [config.acct_id, config.user_name, config.password, 2052]
        reply = await http.post(login("ValidateUser"), json={"parameters": parameters})
        assert reply.json()["LoginResultType"] == 1
        yield Desk(http, state)


@pytest.fixture
def galaxy(state: GalaxyState) -> Iterator[str]:
    """Base URL of the tenant, served by uvicorn in a thread, without a trailing slash."""
    with serve(create_app(state)) as url:
        yield url
