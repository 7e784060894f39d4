from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs

from activities.retrying import Patience
from tests.workflows.house import House, dev_house, skipping_house


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Scripted defects are no news; drawing their tracebacks would take longer than the tests."""
    with capture_logs():
        yield


@pytest.fixture(scope="session")
async def dev() -> AsyncIterator[House]:
    async with dev_house() as house:
        yield house


@pytest.fixture(scope="session")
async def skipping() -> AsyncIterator[House]:
    async with skipping_house() as house:
        yield house


@pytest.fixture(params=["dev", "skipping"])
def house(request: pytest.FixtureRequest) -> House:
    """Both servers in turn, on both of which time passes as ours does."""
    found: House = request.getfixturevalue(request.param)
    return dataclasses.replace(found, skips_time=False)


@pytest.fixture
def hasty(dev: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Temporal's own server, on which time passes as ours does, with hardly any wait between tries."""
    patience = Patience(transient_wait=0.001, throttled_wait=0.001, rate_wait=0.001)
    monkeypatch.setattr(dev.steps, "patience", patience)
    return dev
