"""Tokens: obtained, refreshed in time, renewed once for all who wait, shared through the vault."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.http import Transport
from connectors.jushuitan.access import Application
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.tokens import MemoryVault, TokenRecord, Tokens, TokenVault
from domain.exchanges import exchange_log
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.jushuitan.config import Application as SandboxApplication
from sandbox.jushuitan.config import Refreshing
from sandbox.jushuitan.state import JushuitanState
from tests.connectors.jushuitan.kit import DEMO, Clock, access, collect, with_tokens
from tests.connectors.scripted import Reply, ScriptedVendor

INIT, REFRESH, SHOPS = "getInitToken", "refreshToken", "/open/shops/query"


def token_calls(merchant: JushuitanState) -> dict[str, int]:
    return {name: count for name, count in merchant.calls.by_operation.items() if not name.startswith("/")}


def client_of(url: str, clock: Clock, vault: TokenVault | None = None, **settings: Any) -> JushuitanClient:
    return JushuitanClient(access(url, **settings), vault=vault, now=clock.unix)


async def test_an_own_application_takes_its_first_token(merchant: JushuitanState, jushuitan: str, clock: Clock) -> None:
    async with client_of(jushuitan, clock) as client:
        assert await client.tokens.expires_at() is None
        assert len(await client.shops()) == 1
        assert len(await client.shops()) == 1
        assert await client.tokens.expires_at() == int(clock.unix()) + 30 * 86400
    assert token_calls(merchant) == {INIT: 1}


async def test_twenty_first_calls_ask_for_one_token(merchant: JushuitanState, jushuitan: str, clock: Clock) -> None:
    async with client_of(jushuitan, clock) as client:
        await asyncio.gather(*(client.shops() for _ in range(20)))
    assert token_calls(merchant) == {INIT: 1}


async def test_the_token_ends_and_twenty_calls_notice(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    await client.shops()
    assert token_calls(merchant) == {}  # the tokens of the settings are used
    merchant.tokens.cut_short(clock())
    shops = await asyncio.gather(*(client.shops() for _ in range(20)))
    assert {len(rows) for rows in shops} == {1}
    assert token_calls(merchant) == {INIT: 1}


async def test_renewing_does_not_help(scripted: ScriptedVendor, clock: Clock) -> None:
    async def vendor(request: Any) -> Reply:
        if request.path.startswith("/openWeb"):
            return Reply.of({"code": 0, "data": {"access_token": "new", "refresh_token": "r", "expires_in": 2592000}})
        return Reply.of({"code": 100, "msg": "无效token"})

    scripted.handle = vendor
    async with JushuitanClient(with_tokens(scripted.url), now=clock.unix) as client:
        with pytest.raises(Fault) as raised:
            await client.shops()
    assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "token_refused")
    assert [request.path for request in scripted.received] == [SHOPS, "/openWeb/auth/getInitToken", SHOPS]


@pytest.mark.parametrize("config", [{"refreshing": Refreshing.EXTEND}, {"refreshing": Refreshing.RENEW}])
async def test_a_token_near_its_end_is_refreshed(merchant: JushuitanState, jushuitan: str, clock: Clock) -> None:
    vault = MemoryVault()
    async with client_of(jushuitan, clock, vault) as client:
        await client.shops()
        clock.forward(days=29, hours=11)
        await client.shops()
        assert token_calls(merchant) == {INIT: 1}  # 13 hours left
        clock.forward(hours=2)
        await asyncio.gather(*(client.shops() for _ in range(5)))
        assert token_calls(merchant) == {INIT: 1, REFRESH: 1}
        assert await client.tokens.expires_at() == int(clock.unix()) + 30 * 86400
    async with client_of(jushuitan, clock, vault) as another:
        await another.shops()
    assert token_calls(merchant) == {INIT: 1, REFRESH: 1}


async def test_an_ended_token_is_obtained_anew(merchant: JushuitanState, jushuitan: str, clock: Clock) -> None:
    async with client_of(jushuitan, clock) as client:
        await client.shops()
        clock.forward(days=31)
        await client.shops()
    assert token_calls(merchant) == {INIT: 2}


@pytest.mark.parametrize("code", ["140", "150", "100"])
async def test_a_refused_refresh_leads_to_a_new_token(
    merchant: JushuitanState, jushuitan: str, clock: Clock, code: str
) -> None:
    async with client_of(jushuitan, clock) as client:
        await client.shops()
        clock.forward(days=29, hours=13)
        merchant.faults.add(FaultRule(kind=FaultName.VENDOR, operation=REFRESH, code=code))
        await client.shops()
    assert merchant.calls.by_operation[REFRESH] == 1
    assert merchant.calls.by_operation[INIT] == 2


async def test_a_token_that_can_neither_be_refreshed_nor_replaced_now_is_used_to_its_end(
    merchant: JushuitanState, jushuitan: str, clock: Clock
) -> None:
    async with client_of(jushuitan, clock) as client:
        await client.shops()
        clock.forward(days=29, hours=13)
        merchant.faults.add(FaultRule(kind=FaultName.VENDOR, operation=REFRESH, code="140", times=None))
        merchant.faults.add(FaultRule(kind=FaultName.SERVER_ERROR, operation=INIT, times=None))
        assert len(await client.shops()) == 1
        clock.forward(hours=12)
        with pytest.raises(Fault) as raised:
            await client.shops()
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "http_502")


async def test_network_trouble_while_refreshing_stops_nobody(
    merchant: JushuitanState, jushuitan: str, clock: Clock
) -> None:
    async with client_of(jushuitan, clock) as client:
        await client.shops()
        clock.forward(days=29, hours=13)
        merchant.faults.add(FaultRule(kind=FaultName.SERVER_ERROR, operation=REFRESH))
        for _ in range(3):
            assert len(await client.shops()) == 1
        assert token_calls(merchant) == {INIT: 1, REFRESH: 1}
        clock.forward(minutes=31)
        await client.shops()
    assert token_calls(merchant) == {INIT: 1, REFRESH: 2}


async def test_a_refresh_that_changes_nothing_is_not_repeated_at_every_call(
    scripted: ScriptedVendor, clock: Clock
) -> None:
    same = {"access_token": "a", "refresh_token": "r", "expires_in": 3600}
    scripted.replies = [Reply.of({"code": 0, "data": same})]
    async with Transport("jushuitan") as transport:
        tokens = Tokens(access(scripted.url), transport, now=clock.unix)
        assert [await tokens.current() for _ in range(5)] == ["a"] * 5
    assert [request.path.rpartition("/")[2] for request in scripted.received] == [INIT, REFRESH]


async def test_a_failed_first_token_is_told(merchant: JushuitanState, jushuitan: str, clock: Clock) -> None:
    async with client_of(jushuitan, clock, app_secret=SecretStr("wrong")) as client:
        with pytest.raises(Fault) as raised:
            await client.shops()
    assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "bad_signature")


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"access_token": "a"},
        {"access_token": "a", "expires_in": "soon"},
        {"access_token": 1, "expires_in": 1},
    ],
)
async def test_an_answer_without_a_token(scripted: ScriptedVendor, clock: Clock, data: Any) -> None:
    scripted.replies = [Reply.of({"code": 0, "data": data})]
    async with client_of(scripted.url, clock) as client:
        with pytest.raises(Fault) as raised:
            await client.shops()
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "bad_reply")


class TestProvider:
    """A provider's application may neither take a first token nor refresh one."""

    @pytest.fixture
    def config(self) -> Mapping[str, Any]:
        return {"application": SandboxApplication.PROVIDER}

    async def test_the_merchant_has_to_authorise(self, jushuitan: str, clock: Clock) -> None:
        async with client_of(jushuitan, clock, application=Application.PROVIDER) as client:
            with pytest.raises(Fault) as raised:
                await client.shops()
        assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "authorisation_needed")

    async def test_the_code_of_the_callback_is_exchanged(
        self, merchant: JushuitanState, jushuitan: str, clock: Clock
    ) -> None:
        code = merchant.tokens.new_code(clock())
        with exchange_log() as log:
            async with client_of(jushuitan, clock, application=Application.PROVIDER) as client:
                await client.tokens.exchange(code)
                assert len(await client.shops()) == 1
                clock.forward(days=29, hours=20)  # a refresh would be refused, so none is tried
                assert len(await client.shops()) == 1
                clock.forward(days=1)
                with pytest.raises(Fault, match="authorisation_needed"):
                    await client.shops()
        assert token_calls(merchant) == {"accessToken": 1}
        assert code not in "".join(exchange.model_dump_json() for exchange in log)

    async def test_a_refused_token_has_to_be_authorised_again(
        self, merchant: JushuitanState, jushuitan: str, clock: Clock
    ) -> None:
        provider = with_tokens(jushuitan, application=Application.PROVIDER)
        async with JushuitanClient(provider, now=clock.unix) as client:
            await client.shops()
            merchant.tokens.cut_short(clock())
            with pytest.raises(Fault, match="authorisation_needed"):
                await client.shops()
        assert token_calls(merchant) == {}

    async def test_a_new_authorisation_is_found_where_it_was_put(
        self, merchant: JushuitanState, jushuitan: str, clock: Clock
    ) -> None:
        """One process learns that the token has ended; another has been given a new one."""
        vault = MemoryVault()
        provider = with_tokens(jushuitan, application=Application.PROVIDER)
        async with (
            JushuitanClient(provider, vault=vault, now=clock.unix) as waiting,
            JushuitanClient(provider, vault=vault, now=clock.unix) as given,
        ):
            await given.tokens.exchange(merchant.tokens.new_code(clock()))
            await waiting.probe()
            clock.forward(days=31)
            with pytest.raises(Fault, match="authorisation_needed"):
                await waiting.probe()
            await given.tokens.exchange(merchant.tokens.new_code(clock()))
            await waiting.probe()

    async def test_the_wrong_kind_of_application(self, jushuitan: str, clock: Clock) -> None:
        async with client_of(jushuitan, clock) as client:
            with pytest.raises(Fault) as raised:
                await client.shops()
        assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "wrong_application")


async def test_what_another_worker_renewed_is_used(merchant: JushuitanState, jushuitan: str, clock: Clock) -> None:
    vault = MemoryVault()
    async with client_of(jushuitan, clock, vault) as one, client_of(jushuitan, clock, vault) as other:
        await one.shops()
        await other.shops()
        merchant.tokens.cut_short(clock())
        await one.shops()
        await other.shops()
    assert token_calls(merchant) == {INIT: 2}


async def test_new_tokens_in_the_settings_win_over_the_vault(scripted: ScriptedVendor, clock: Clock) -> None:
    scripted.replies = [Reply.of({"code": 0, "data": {"datas": []}})]
    old = TokenRecord(access_token="old", refresh_token="r", expires_at=None, origin="0" * 16)
    vault = MemoryVault(old.model_dump_json())
    async with client_of(scripted.url, clock, vault, access_token=SecretStr("given")) as client:
        await client.shops()
    async with client_of(scripted.url, clock, vault) as without:
        await without.shops()
    assert [request.form()["access_token"] for request in scripted.received] == ["given", "old"]


async def test_a_vault_that_cannot_be_read_is_empty(merchant: JushuitanState, jushuitan: str, clock: Clock) -> None:
    vault = MemoryVault("not a record")
    async with client_of(jushuitan, clock, vault) as client:
        await client.shops()
    assert TokenRecord.model_validate_json(await vault.load() or "").access_token


async def test_no_token_and_no_secret_is_kept_of_an_exchange(
    merchant: JushuitanState, client: JushuitanClient, clock: Clock
) -> None:
    vault_texts = []
    with exchange_log() as log:
        await client.shops()
        merchant.tokens.cut_short(clock())
        await client.shops()
        await collect(client.refunds(start_ts=1))
        vault_texts.append(await client.tokens.current())
    kept = "".join(exchange.model_dump_json() for exchange in log)
    private = [DEMO.app_secret, DEMO.access_token, DEMO.refresh_token, *vault_texts]
    assert [value for value in private if value in kept] == []
    assert [exchange.fault_code for exchange in log] == [None, "token_refused", None, None, None]
    assert '\\"sign\\":\\"***\\"' in kept


async def test_an_authorisation_taken_back_and_given_again(
    merchant: JushuitanState, jushuitan: str, clock: Clock
) -> None:
    async with JushuitanClient(with_tokens(jushuitan), now=clock.unix) as client:
        await client.probe()
        merchant.tokens.revoked = True
        with pytest.raises(Fault) as raised:
            await client.probe()
        assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "authorisation_needed")
        merchant.tokens.revoked = False
        await client.probe()
    assert not client.counts_refusals
