"""A seeded 云星空 tenant served over HTTP, and the connector pointed at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from connectors.galaxy.client import GalaxyErp
from sandbox.galaxy.app import create_app
from sandbox.galaxy.state import GalaxyState
from sandbox.http import serve
from tests.connectors.galaxy.kit import access


@pytest.fixture
def tenant() -> GalaxyState:
    state = GalaxyState()
    state.seed(
        {
            "materials": [{"number": "SKU1"}, {"number": "SKU2"}],
            "customers": [{"number": "SHOP01"}],
            "stocks": [{"number": "CK01"}],
            "quantities": [{"stock": "CK01", "material": "SKU1", "quantity": 1000}],
        }
    )
    return state


@pytest.fixture
def galaxy(tenant: GalaxyState) -> Iterator[str]:
    """Base URL of the tenant, without a trailing slash."""
    with serve(create_app(tenant)) as url:
        yield url


@pytest.fixture
async def erp(galaxy: str) -> AsyncIterator[GalaxyErp]:
    async with GalaxyErp(access(galaxy)) as erp:
        yield erp
