"""A seeded 旗舰版 tenant served over HTTP, and the connector pointed at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from connectors.flagship.client import FlagshipErp
from sandbox.flagship.app import create_app
from sandbox.flagship.state import FlagshipState
from sandbox.http import serve
from tests.connectors.flagship.kit import access, tenant_of_tests


@pytest.fixture
def tenant() -> FlagshipState:
    return tenant_of_tests()


@pytest.fixture
def flagship(tenant: FlagshipState) -> Iterator[str]:
    """Base URL of the tenant, without a trailing slash."""
    with serve(create_app(tenant)) as url:
        yield url


@pytest.fixture
async def erp(flagship: str) -> AsyncIterator[FlagshipErp]:
    async with FlagshipErp(access(flagship)) as erp:
        yield erp
