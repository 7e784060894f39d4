"""Sessions: every way to log in, loss and renewal, once for all who wait."""

from __future__ import annotations

import asyncio

import pytest

from connectors.galaxy.access import Auth
from connectors.galaxy.client import GalaxyErp
from domain.exchanges import exchange_log
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.galaxy.state import GalaxyState
from tests.connectors.galaxy.kit import DEMO, LOGIN, OUTSTOCK, SERVICE, access, outbound, status
from tests.connectors.scripted import Received, Reply, ScriptedVendor

LOST = Reply.of(status(False, 1, [(None, "会话信息已丢失，请重新登录", 0)]))
LOST_QUERY = Reply.of([[status(False, 1, [(None, "会话信息已丢失，请重新登录", 0)])]])
WELCOME = {"LoginResultType": 1, "Message": None, "KDSVCSessionId": "session-1"}
SESSION_AUTHS = [Auth.APP_SECRET, Auth.PASSWORD, Auth.SIGN]


@pytest.mark.parametrize("auth", list(Auth))
async def test_every_way_to_identify_ourselves(tenant: GalaxyState, galaxy: str, auth: Auth) -> None:
    async with GalaxyErp(access(galaxy, auth)) as erp:
        assert await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=True) == {"S-1": None}
    assert tenant.calls.by_operation["Logout"] == 1
    assert tenant.sessions.expire_all() == 0


@pytest.mark.parametrize("auth", list(Auth))
async def test_a_session_ends_and_twenty_calls_notice(tenant: GalaxyState, galaxy: str, auth: Auth) -> None:
    async with GalaxyErp(access(galaxy, auth, parallel=20)) as erp:
        await erp.find(OUTSTOCK, ["S-1"])
        tenant.sessions.expire_all()
        found = await asyncio.gather(*(erp.find(OUTSTOCK, [f"S-{n}"]) for n in range(20)))
    assert found == [{}] * 20
    logins = tenant.calls.total - tenant.calls.by_operation["ExecuteBillQuery"] - tenant.calls.by_operation["Logout"]
    assert logins == (0 if auth is Auth.SIGNED else 2)


@pytest.mark.parametrize("auth", list(Auth))
async def test_a_write_is_repeated_once_after_a_lost_session(tenant: GalaxyState, galaxy: str, auth: Auth) -> None:
    tenant.faults.add(FaultRule(kind=FaultName.EXPIRE, operation="BatchSave"))
    async with GalaxyErp(access(galaxy, auth)) as erp:
        assert await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=False) == {"S-1": None}
    assert [bill["number"] for bill in tenant.bills("SAL_OUTSTOCK")] == ["S-1"]
    assert tenant.calls.by_operation["BatchSave"] == 2


@pytest.mark.parametrize("auth", [Auth.SIGNED, Auth.PASSWORD])
async def test_renewing_does_not_help(tenant: GalaxyState, galaxy: str, auth: Auth) -> None:
    tenant.faults.add(FaultRule(kind=FaultName.EXPIRE, operation="BatchSave", times=None))
    async with GalaxyErp(access(galaxy, auth)) as erp:
        with pytest.raises(Fault) as raised:
            await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=False)
    assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "session_lost")
    assert tenant.calls.by_operation["BatchSave"] == 2


async def test_a_wrong_signature_looks_like_a_lost_session(galaxy: str) -> None:
    async with GalaxyErp(access(galaxy, app_secret="f" * 32)) as erp:
        with pytest.raises(Fault) as raised:
            await erp.find(OUTSTOCK, ["S-1"])
    assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "session_lost")


async def test_a_write_that_did_something_is_not_repeated(scripted: ScriptedVendor) -> None:
    """Not the exact shape of a lost session: one bill was saved."""
    partly = status(False, 1, [(None, "会话信息已丢失，请重新登录", 1)], [("S-1", 0)])
    scripted.replies = [Reply.of(partly), Reply.of([])]
    async with GalaxyErp(access(scripted.url)) as erp:
        verdicts = await erp.save(OUTSTOCK, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    assert verdicts["S-1"] is None
    assert verdicts["S-2"] is not None
    assert sum(one.path.endswith("BatchSave.common.kdsvc") for one in scripted.received) == 1


async def test_the_session_travels_as_header_and_cookie(scripted: ScriptedVendor) -> None:
    opened = {"Set-Cookie": "kdservice-sessionid=abc; path=/; HttpOnly"}
    scripted.replies = [Reply(b"[]", headers=opened), Reply(b"[]")]
    async with GalaxyErp(access(scripted.url), now=lambda: 1760000000.7) as erp:
        await erp.find(OUTSTOCK, ["S-1"])
        await erp.find(OUTSTOCK, ["S-1"])
    first, second, logout = scripted.received
    assert first.headers["x-api-timestamp"] == "1760000000"
    assert "kdservice-sessionid" not in first.headers
    assert second.headers["x-api-signature"] == first.headers["x-api-signature"]
    assert second.headers["kdservice-sessionid"] == "abc"
    assert second.headers["cookie"] == "Theme=standard;kdservice-sessionid=abc"
    assert logout.path == f"{LOGIN}Logout.common.kdsvc"


@pytest.mark.parametrize("auth", SESSION_AUTHS)
async def test_twenty_first_calls_log_in_once(scripted: ScriptedVendor, auth: Auth) -> None:
    released = asyncio.Event()
    waiting = 0

    async def vendor(request: Received) -> Reply:
        if request.path.startswith(LOGIN):
            await released.wait()
            return Reply.of(WELCOME)
        assert request.headers["kdservice-sessionid"] == "session-1"
        return Reply(b"[]")

    async def find(erp: GalaxyErp) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == 20:
            asyncio.get_running_loop().call_soon(released.set)
        await erp.find(OUTSTOCK, ["S-1"])

    scripted.handle = vendor
    async with GalaxyErp(access(scripted.url, auth, parallel=20)) as erp:
        await asyncio.gather(*(find(erp) for _ in range(20)))
    paths = [request.path for request in scripted.received]
    assert sum(path.startswith(LOGIN) and "Logout" not in path for path in paths) == 1
    assert paths.count(f"{SERVICE}ExecuteBillQuery.common.kdsvc") == 20


async def test_a_late_notice_does_not_end_the_new_session(scripted: ScriptedVendor) -> None:
    """Two calls went out with the old session; when the second hears of its loss, the first has renewed it."""
    first_renewed = asyncio.Event()
    logins = 0

    async def vendor(request: Received) -> Reply:
        nonlocal logins
        if request.path == f"{LOGIN}ValidateUser.common.kdsvc":
            logins += 1
            return Reply.of(WELCOME | {"KDSVCSessionId": f"session-{logins}"})
        if request.headers["kdservice-sessionid"] != "session-1":  # the repeated call, or the log-out
            first_renewed.set()
            return Reply(b"[]")
        if b"S-2" in request.body:
            await first_renewed.wait()
        return LOST_QUERY

    scripted.handle = vendor
    async with GalaxyErp(access(scripted.url, Auth.PASSWORD)) as erp:
        await asyncio.gather(erp.find(OUTSTOCK, ["S-1"]), erp.find(OUTSTOCK, ["S-2"]))
    assert logins == 2


async def test_a_refused_log_in_spares_the_account(scripted: ScriptedVendor) -> None:
    """About five wrong passwords lock it, so waiting documents must not try one each."""
    scripted.replies = [Reply.of({"LoginResultType": 0, "Message": "用户名或密码错误", "KDSVCSessionId": ""})]
    clock = 0.0
    async with GalaxyErp(access(scripted.url, Auth.PASSWORD), clock=lambda: clock) as erp:
        for _ in range(8):
            with pytest.raises(Fault) as raised:
                await erp.find(OUTSTOCK, ["S-1"])
            assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "login_refused")
            assert "用户名或密码错误" in raised.value.message
        assert len(scripted.received) == 1
        clock = 31.0
        with pytest.raises(Fault):
            await erp.find(OUTSTOCK, ["S-1"])
        assert len(scripted.received) == 2


@pytest.mark.parametrize("reply", [Reply(b"<html>"), Reply(b"[]"), Reply(status=502), Reply(cut=0)])
async def test_a_log_in_in_network_trouble_is_transient(scripted: ScriptedVendor, reply: Reply) -> None:
    scripted.replies = [reply]
    async with GalaxyErp(access(scripted.url, Auth.PASSWORD)) as erp:
        for _ in range(2):
            with pytest.raises(Fault) as raised:
                await erp.find(OUTSTOCK, ["S-1"])
            assert raised.value.kind is FaultKind.TRANSIENT
    assert len(scripted.received) == 2


async def test_closing_never_fails(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply(b"[]", headers={"Set-Cookie": "kdservice-sessionid=abc"}), Reply(status=500)]
    erp = GalaxyErp(access(scripted.url))
    await erp.find(OUTSTOCK, ["S-1"])
    await erp.aclose()
    assert len(scripted.received) == 2


@pytest.mark.parametrize("auth", list(Auth))
async def test_nothing_secret_is_kept_of_an_exchange(galaxy: str, auth: Auth) -> None:
    with exchange_log() as log:
        async with GalaxyErp(access(galaxy, auth)) as erp:
            await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=False)
    kept = "".join(exchange.model_dump_json() for exchange in log)
    private = [DEMO.password, DEMO.app_secret, "王小明", "13812345678"]
    assert [value for value in private if value in kept] == []
    assert "王**" in kept
    assert "138****5678" in kept


async def test_session_ids_and_user_tokens_are_not_kept(scripted: ScriptedVendor) -> None:
    canaries = {"KDSVCSessionId": "canary-1", "Context": {"SessionId": "canary-2", "UserToken": "canary-3"}}
    scripted.replies = [Reply.of(WELCOME | canaries), Reply(b"[]")]
    with exchange_log() as log:
        async with GalaxyErp(access(scripted.url, Auth.SIGN)) as erp:
            await erp.find(OUTSTOCK, ["S-1"])
    assert [exchange.operation for exchange in log] == ["LoginBySign", "SAL_OUTSTOCK ExecuteBillQuery", "Logout"]
    assert "canary" not in "".join(exchange.model_dump_json() for exchange in log)


@pytest.mark.parametrize("auth", list(Auth))
async def test_an_authorisation_taken_back_and_given_again(tenant: GalaxyState, galaxy: str, auth: Auth) -> None:
    """A probe always asks, however lately a log-in was refused."""
    async with GalaxyErp(access(galaxy, auth)) as erp:
        await erp.probe()
        tenant.sessions.revoked = True
        for _ in range(2):
            with pytest.raises(Fault) as raised:
                await erp.probe()
            assert raised.value.kind is FaultKind.EXPIRED
        tenant.sessions.revoked = False
        await erp.probe()
        assert erp.counts_refusals is (auth is Auth.PASSWORD)
