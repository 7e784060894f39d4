from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.http import Transport
from connectors.rates.central_parity import CentralParity
from connectors.rates.chain import RateAccess
from connectors.rates.frankfurter import EcbCross, FrankfurterCentralParity
from connectors.rates.publications import PublishedSource
from connectors.rates.safe import Safe
from sandbox.http import serve
from sandbox.rates.app import create_app
from sandbox.rates.state import SHANGHAI, RatesState
from tests.connectors.rates.doubles import Says, SourceOf
from tests.sandbox.rates.stage import Stage


@pytest.fixture(scope="session")
def rate_stage() -> Iterator[Stage]:
    stage = Stage()
    with serve(stage) as stage.url:
        yield stage


@pytest.fixture
def publishers(rate_stage: Stage) -> RatesState:
    """The simulators, on the Saturday after the last published day."""
    state = RatesState()
    state.set_clock(datetime(2026, 9, 5, 12, tzinfo=SHANGHAI))
    rate_stage.app = create_app(state)
    return state


@pytest.fixture(scope="session")
def second_stage() -> Iterator[Stage]:
    stage = Stage()
    with serve(stage) as stage.url:
        yield stage


@pytest.fixture
def cfets_alone(second_stage: Stage, publishers: RatesState) -> RatesState:
    """A publisher with data of its own, for the cases in which publishers differ."""
    state = RatesState()
    state.set_clock(publishers.now)
    second_stage.app = create_app(state)
    return state


@pytest.fixture
def access_apart(cfets_alone: RatesState, second_stage: Stage, access: RateAccess) -> RateAccess:
    """Only CFETS is asked at `cfets_alone`."""
    return access.model_copy(update={"central_parity_url": second_stage.url})


@pytest.fixture
def access(publishers: RatesState, rate_stage: Stage) -> RateAccess:
    url = rate_stage.url
    return RateAccess(central_parity_url=url, safe_url=f"{url}/", frankfurter_url=url)


SOURCES: tuple[type[PublishedSource], ...] = (CentralParity, Safe, FrankfurterCentralParity, EcbCross)


@pytest.fixture
async def source_of(rate_stage: Stage) -> AsyncIterator[SourceOf]:
    """A source of a kind that talks to whatever is on the stage."""
    transports = {kind: Transport(kind.name, read_timeout=5) for kind in SOURCES}
    yield lambda kind: kind(transports[kind], rate_stage.url)
    for transport in transports.values():
        await transport.aclose()


@pytest.fixture
def publisher_says(rate_stage: Stage) -> Says:
    """Let every call be answered with these bodies in turn; the last one stays."""

    def says(*bodies: str, media_type: str = "application/json") -> None:
        left = list(bodies)

        async def answer(request: Request) -> Response:
            return Response(left.pop(0) if len(left) > 1 else left[0], media_type=media_type)

        rate_stage.app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])

    return says
