"""The fault switchboard that all simulators share, and how its faults look to a client."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.faults import FaultName, FaultRule, Faults
from sandbox.http import CallCounter, JsonText, admin_routes, fail_after, fail_before, serve


def test_a_rule_hits_its_operation_only_and_as_often_as_it_says() -> None:
    faults = Faults()
    faults.add(FaultRule(kind=FaultName.SERVER_ERROR, operation="batchsave", times=2))
    assert faults.take("View") is None
    hits = [faults.take("BatchSave") for _ in range(3)]
    assert [hit.kind if hit else None for hit in hits] == [FaultName.SERVER_ERROR, FaultName.SERVER_ERROR, None]
    assert faults.injected == {"server_error": 2}
    assert faults.armed == ()


def test_a_vendors_own_fault_is_counted_by_its_code() -> None:
    faults = Faults()
    faults.add_all([FaultRule(kind=FaultName.VENDOR, code="stale_row"), FaultRule(kind=FaultName.VENDOR)])
    faults.take("Query")
    faults.take("Query")
    assert faults.injected == {"vendor:stale_row": 1, "vendor": 1}


def test_a_rule_lets_calls_pass_first_and_may_last_for_ever() -> None:
    faults = Faults()
    faults.add(FaultRule(kind=FaultName.HANG, skip=2, times=None))
    assert [faults.take("Save") is None for _ in range(5)] == [True, True, False, False, False]
    faults.clear()
    assert faults.take("Save") is None


def test_a_rule_may_name_a_call_more_exactly() -> None:
    faults = Faults()
    faults.add(FaultRule(kind=FaultName.SLOW, operation="SAL_OUTSTOCK Save"))
    assert faults.take("Save", "STK_InStock Save") is None
    assert faults.take("Save", "SAL_OUTSTOCK Save") is not None


def test_the_first_rule_that_hits_wins() -> None:
    faults = Faults()
    faults.add_all([FaultRule(kind=FaultName.THROTTLE), FaultRule(kind=FaultName.EXPIRE)])
    assert [hit.kind for hit in (faults.take("a"), faults.take("a")) if hit] == [FaultName.THROTTLE, FaultName.EXPIRE]


def test_chance_is_seeded() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(FaultRule(kind=FaultName.SLOW, times=None, probability=Decimal("0.3")))
        return [faults.take("x") is not None for _ in range(200)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 30 < sum(hits(1)) < 90


@pytest.mark.parametrize("wrong", [{"times": 0}, {"skip": -1}, {"seconds": 0.5}, {"probability": 2}, {"kind": "fire"}])
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FaultRule.model_validate({"kind": "slow", **wrong})


class Counted:
    """A one-endpoint simulator that counts its effects."""

    def __init__(self) -> None:
        self.faults, self.calls, self.effects = Faults(), CallCounter(), 0
        self.app = Starlette(routes=[Route("/go", self.go, methods=["POST"]), *admin_routes(self.faults, self.calls)])

    async def go(self, request: Request) -> Response:
        await request.body()
        self.calls.note("Go")
        rule = self.faults.take("Go")
        early = await fail_before(rule)
        if early is not None:
            return early
        self.effects += 1
        return fail_after(rule, JsonText({"price": Decimal("1.10")}))


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def client(counted: Counted) -> Iterator[httpx.Client]:
    with serve(counted.app) as url, httpx.Client(base_url=url) as client:
        yield client


def arm(client: httpx.Client, **rule: object) -> None:
    assert client.post("/_sandbox/faults", json=rule).json() == {"armed": 1}


def test_exact_json(client: httpx.Client) -> None:
    assert client.post("/go").text == '{"price":1.10}'


@pytest.mark.parametrize(("kind", "effects"), [("lose_reply", 1), ("cut_before", 0)])
def test_a_cut_connection_is_a_transport_error(client: httpx.Client, counted: Counted, kind: str, effects: int) -> None:
    arm(client, kind=kind)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.post("/go", json={"a": 1})
    assert counted.effects == effects
    assert client.post("/go").status_code == 200


def test_an_answer_that_never_comes(client: httpx.Client, counted: Counted) -> None:
    arm(client, kind="hang")
    with pytest.raises(httpx.ReadTimeout):
        client.post("/go", timeout=0.2)
    assert counted.effects == 1


@pytest.mark.parametrize(
    ("kind", "status", "effects"), [("server_error", 502, 0), ("html_page", 200, 0), ("gateway_timeout", 504, 1)]
)
def test_html_instead_of_an_answer(
    client: httpx.Client, counted: Counted, kind: str, status: int, effects: int
) -> None:
    arm(client, kind=kind)
    reply = client.post("/go")
    assert (reply.status_code, reply.text[:6], counted.effects) == (status, "<html>", effects)


def test_a_slow_answer_is_an_answer(client: httpx.Client, counted: Counted) -> None:
    arm(client, kind="slow", seconds="0.01")
    assert client.post("/go").json() == {"price": 1.1}
    assert counted.effects == 1


def test_admin_endpoints(client: httpx.Client) -> None:
    rules = [{"kind": "server_error", "operation": "GO"}, {"kind": "hang", "operation": "other"}]
    assert client.post("/_sandbox/faults", json=rules).json() == {"armed": 2}
    client.post("/go")
    assert client.request("DELETE", "/_sandbox/faults").json() == {"armed": 0}
    stats = client.get("/_sandbox/stats").json()
    assert stats == {"calls": 1, "by_operation": {"Go": 1}, "faults": {"server_error": 1}}


async def never_starts(scope: Scope, receive: Receive, send: Send) -> None:
    """An app whose start fails."""
    assert (await receive())["type"] == "lifespan.startup"
    await send({"type": "lifespan.startup.failed", "message": "no"})


def test_an_app_that_does_not_start_is_told() -> None:
    with pytest.raises(RuntimeError, match="did not start"), serve(never_starts):
        pytest.fail("it must not get here")
