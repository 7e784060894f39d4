"""Who we are: tokens that are shared, renewed in time and once when they are lost; signatures; the gateway."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.flagship.access import Auth, FlagshipAccess, TimestampForm
from connectors.flagship.client import FlagshipErp
from connectors.flagship.session import RENEW_BEFORE
from connectors.flagship.signing import signature
from domain.erp import BillStatus
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.flagship.app import create_app
from sandbox.flagship.clock import china_now
from sandbox.flagship.config import FlagshipConfig
from sandbox.flagship.state import FlagshipState
from sandbox.http import serve
from tests.connectors.flagship.kit import DEMO, SALOUT, access, outbound

TIMESTAMP, NONCE = "2026-11-22 10:00:00", "0123456789abcdef0123456789abcdef"


def token_calls(tenant: FlagshipState) -> int:
    return tenant.calls.by_operation["getToken"]


async def refused(access: FlagshipAccess) -> Fault:
    async with FlagshipErp(access) as erp:
        with pytest.raises(Fault) as raised:
            await erp.find(SALOUT, ["S-1"])
    return raised.value


@pytest.mark.parametrize("auth", list(Auth))
async def test_every_way_in(tenant: FlagshipState, flagship: str, auth: Auth) -> None:
    async with FlagshipErp(access(flagship, auth)) as erp:
        await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
        assert (await erp.find(SALOUT, ["S-1"]))["S-1"].status is BillStatus.CREATED
        await erp.probe()
        assert erp.counts_refusals is (auth is not Auth.DIGEST)
    assert token_calls(tenant) == (1 if auth is Auth.TOKEN else 0)


@pytest.mark.parametrize("suffix", ["", "/", "/ierp", "/ierp/", "/ierp/kapi", " \n"])
async def test_the_address_may_have_its_context_or_not(flagship: str, suffix: str) -> None:
    async with FlagshipErp(access(flagship + suffix)) as erp:
        assert await erp.find(SALOUT, ["S-1"]) == {}


async def test_a_wrong_context_is_trouble_on_the_way(flagship: str) -> None:
    """Nobody refuses us there; once the address is right, whoever waits goes on."""
    fault = await refused(access(f"{flagship}/ierp/ierp"))
    assert (fault.kind, fault.code) == (FaultKind.TRANSIENT, "http_404")


@pytest.mark.parametrize("form", list(TimestampForm))
async def test_both_forms_of_the_time(flagship: str, form: TimestampForm) -> None:
    async with FlagshipErp(access(flagship, timestamps=form)) as erp:
        assert await erp.find(SALOUT, ["S-1"]) == {}


async def test_many_calls_share_one_token(tenant: FlagshipState, flagship: str) -> None:
    async with FlagshipErp(access(flagship, parallel=8)) as erp:
        await asyncio.gather(*(erp.find(SALOUT, [f"S-{i}"]) for i in range(12)))
        assert token_calls(tenant) == 1
        tenant.tokens.expire_all()
        await asyncio.gather(*(erp.find(SALOUT, [f"S-{i}"]) for i in range(12)))
    assert token_calls(tenant) == 2


async def test_a_token_that_ends_in_the_middle_is_renewed_once(tenant: FlagshipState, erp_: FlagshipErp) -> None:
    for operation, step in (("save", None), ("submit", erp_.submit), ("audit", erp_.audit)):
        tenant.faults.add(FaultRule(kind=FaultName.EXPIRE, operation=operation))
        if step is None:
            assert await erp_.save(SALOUT, [outbound("S-1")], submit_and_audit=False) == {"S-1": None}
        else:
            assert await step(SALOUT, ["S-1"]) == {"S-1": None}
    assert (await erp_.find(SALOUT, ["S-1"]))["S-1"].status is BillStatus.AUDITED
    assert token_calls(tenant) == 4


@pytest.fixture
async def erp_(erp: FlagshipErp) -> FlagshipErp:
    """A connection that has its token."""
    await erp.find(SALOUT, ["S-1"])
    return erp


async def test_a_token_that_is_never_good_is_told(tenant: FlagshipState, erp_: FlagshipErp) -> None:
    tenant.faults.add(FaultRule(kind=FaultName.EXPIRE, operation="query", times=None))
    with pytest.raises(Fault) as raised:
        await erp_.find(SALOUT, ["S-1"])
    assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "token_lost")
    assert token_calls(tenant) == 2


async def test_a_token_is_renewed_before_it_ends(tenant: FlagshipState, flagship: str) -> None:
    seconds = 0.0
    async with FlagshipErp(access(flagship), clock=lambda: seconds) as erp:
        await erp.find(SALOUT, ["S-1"])
        seconds = DEMO.token_seconds - RENEW_BEFORE - 10
        await erp.find(SALOUT, ["S-1"])
        assert token_calls(tenant) == 1
        seconds += 20
        await erp.find(SALOUT, ["S-1"])
    assert token_calls(tenant) == 2


async def test_a_wrong_secret_is_not_tried_again_and_again(tenant: FlagshipState, flagship: str) -> None:
    seconds = 0.0
    wrong = access(flagship, app_secret=SecretStr("Wrong@Secret#0001"))
    async with FlagshipErp(wrong, clock=lambda: seconds) as erp:
        for _ in range(3):
            with pytest.raises(Fault) as raised:
                await erp.find(SALOUT, ["S-1"])
            assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "login_refused")
        assert token_calls(tenant) == 1
        seconds += 31
        with pytest.raises(Fault):
            await erp.find(SALOUT, ["S-1"])
        assert token_calls(tenant) == 2
        with pytest.raises(Fault):
            await erp.probe()
        assert token_calls(tenant) == 3


@pytest.mark.parametrize("auth", list(Auth))
async def test_a_disabled_application(tenant: FlagshipState, flagship: str, auth: Auth) -> None:
    tenant.tokens.revoked = True
    assert (await refused(access(flagship, auth))).kind is FaultKind.EXPIRED


@pytest.mark.parametrize(
    "settings",
    [
        {"user": "nobody"},
        {"user": DEMO.other_user},
        {"account_id": "1000000000000000002"},
        {"app_id": "other"},
    ],
)
async def test_nobody_gets_in_by_another_name(flagship: str, settings: dict[str, Any]) -> None:
    fault = await refused(access(flagship, **settings))
    assert (fault.kind, fault.code) == (FaultKind.EXPIRED, "login_refused")


async def test_a_clock_that_is_off(flagship: str) -> None:
    ahead = (datetime.now().astimezone() + timedelta(minutes=6)).timestamp()
    async with FlagshipErp(access(flagship), now=lambda: ahead) as erp:
        with pytest.raises(Fault) as raised:
            await erp.find(SALOUT, ["S-1"])
    assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "login_refused")


async def test_too_many_tokens_are_a_matter_of_waiting(tenant: FlagshipState, flagship: str) -> None:
    tenant.faults.add(FaultRule(kind=FaultName.THROTTLE, operation="getToken"))
    assert (await refused(access(flagship))).kind is FaultKind.THROTTLED


async def test_the_gateway_wants_to_know_the_application(tenant: FlagshipState, flagship: str) -> None:
    tenant.switches.gateway = True
    assert (await refused(access(flagship))).kind is FaultKind.EXPIRED
    async with FlagshipErp(access(flagship, gateway_identity=SecretStr(DEMO.gateway_identity))) as erp:
        assert await erp.find(SALOUT, ["S-1"]) == {}


async def test_a_proxy_that_drops_underscores(tenant: FlagshipState, flagship: str) -> None:
    async with FlagshipErp(access(flagship, token_header="access_token")) as erp:
        assert await erp.find(SALOUT, ["S-1"]) == {}
    tenant.switches.underscore_headers = False
    assert (await refused(access(flagship, token_header="access_token"))).code == "token_lost"


async def test_a_short_life_is_used_by_half() -> None:
    tenant = FlagshipState(FlagshipConfig(token_seconds=200), clock=china_now)
    seconds = 0.0
    with serve(create_app(tenant)) as url:
        async with FlagshipErp(access(url), clock=lambda: seconds) as erp:
            for at in (0, 99, 101):
                seconds = at
                await erp.find(SALOUT, ["S-1"])
    assert token_calls(tenant) == 2


@pytest.mark.parametrize(
    ("joined", "signed"),
    [
        (
            '{"data":{"number":"SUP-0001","name":"Demo supplier","createorg_number":"100"}}',
            "847ca2e8497ff8c0a133a9ca31e327b1341ed11d596b5af4abb69fc39a85c97c",
        ),
        ('{"testName":"test"}', "b01017e9080946fa0720eb3642e9531739f7a221e6c24bf745a52fa6d01d8826"),
        ('{"data":{"name":"演示供应商"}}', "470f03ff17ae6c53d655bf9de6b39880ccec8792f9132838e8e0f98346d95fbb"),
        ("Demo101", "8e150cc4f850e496dbdade4c1d26af97df13e46b3923fa851379cb9d91159797"),
        ("name=Demo&pageSize=10&pageNo=1", "035b6215b7a05dcd90fc0c636fe14618215acb08e051b184c4e5efcd90784dd0"),
    ],
)
def test_signatures(joined: str, signed: str) -> None:
    """The vectors of section 3.5."""
    assert signature("demo-digest-key-0001", joined + TIMESTAMP + NONCE) == signed


@pytest.mark.parametrize("missing", [{"auth": Auth.DIGEST, "digest_key": None}, {"app_secret": SecretStr("")}])
def test_settings_without_a_secret_are_refused(missing: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="needs"):
        access("http://localhost", **missing)
