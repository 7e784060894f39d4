"""Tokens: first token, refresh, expiry, and the authorisation page of a provider's application."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.http import serve
from sandbox.jushuitan.codes import Code
from sandbox.jushuitan.config import Application, Refreshing
from tests.sandbox.jushuitan.tenant import Tenant, md5_sign

SHOPS = "/open/shops/query"
DAY = 86_400
PROVIDER = {"application": Application.PROVIDER}


async def first(tenant: Tenant, code: str = "a1b2c3") -> Any:
    return await tenant.caller.token("getInitToken", grant_type="authorization_code", code=code)


async def refresh(tenant: Tenant, refresh_token: str | None = None) -> Any:
    token = refresh_token or tenant.state.config.refresh_token
    return await tenant.caller.token("refreshToken", grant_type="refresh_token", scope="all", refresh_token=token)


async def test_first_token_of_an_own_application(tenant: Tenant) -> None:
    answer = await first(tenant)
    assert answer["code"] == 0
    data = answer["data"]
    assert data["expires_in"] == 30 * DAY
    assert data["scope"] == "all"
    assert len(data["access_token"]) == len(data["refresh_token"]) == 32
    tenant.caller.access_token = data["access_token"]
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == 0


async def test_a_first_token_needs_a_code_of_six(tenant: Tenant) -> None:
    assert (await first(tenant, code="a1b2c"))["code"] == Code.PARAMETER_WRONG


@pytest.mark.parametrize(
    ("config_overrides", "old"), [({"init_token_replaces": True}, 100), ({"init_token_replaces": False}, 0)]
)
async def test_whether_the_old_token_survives_is_a_switch(tenant: Tenant, old: int) -> None:
    await first(tenant)
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == old


async def test_an_early_refresh_gives_the_same_pair_back(tenant: Tenant) -> None:
    data = (await refresh(tenant))["data"]
    assert data["access_token"] == tenant.state.config.access_token
    assert data["refresh_token"] == tenant.state.config.refresh_token
    assert data["expires_in"] == 30 * DAY
    tenant.clock.forward(days=10)
    assert (await refresh(tenant))["data"]["expires_in"] == 20 * DAY


async def test_a_refresh_in_the_last_twelve_hours_makes_the_same_pair_live_longer(tenant: Tenant) -> None:
    tenant.clock.forward(days=29, hours=13)
    data = (await refresh(tenant))["data"]
    assert data["access_token"] == tenant.state.config.access_token
    assert data["expires_in"] == 30 * DAY


@pytest.mark.parametrize("config_overrides", [{"refreshing": Refreshing.RENEW}])
async def test_or_gives_a_new_pair_and_ends_the_old_one(tenant: Tenant) -> None:
    tenant.clock.forward(days=29, hours=13)
    data = (await refresh(tenant))["data"]
    assert data["access_token"] != tenant.state.config.access_token
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == Code.BAD_TOKEN
    tenant.caller.access_token = data["access_token"]
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == 0
    assert (await refresh(tenant))["code"] == Code.PARAMETER_WRONG


async def test_expire_now_ends_access_and_refresh(tenant: Tenant) -> None:
    await tenant.caller.switch("expire-token")
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == Code.BAD_TOKEN
    assert (await refresh(tenant))["code"] == Code.PARAMETER_WRONG
    tenant.caller.access_token = (await first(tenant))["data"]["access_token"]
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == 0


async def test_a_token_can_be_left_with_little_to_live(tenant: Tenant) -> None:
    await tenant.caller.switch("expire-token", leave_seconds=3600)
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == 0
    assert (await refresh(tenant))["data"]["expires_in"] == 30 * DAY


async def test_tokens_end_by_themselves(tenant: Tenant) -> None:
    tenant.clock.forward(days=30)
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == Code.BAD_TOKEN


@pytest.mark.parametrize("config_overrides", [PROVIDER])
async def test_a_provider_may_neither_take_a_first_token_nor_refresh(tenant: Tenant) -> None:
    assert (await first(tenant))["code"] == Code.OWN_APPLICATION_ONLY
    assert (await refresh(tenant))["code"] == Code.AUTHORISE_AGAIN


async def test_grant_type_and_signature_are_checked(tenant: Tenant) -> None:
    wrong = await tenant.caller.token("getInitToken", grant_type="refresh_token", code="a1b2c3")
    assert wrong["code"] == Code.PARAMETER_WRONG
    missing = await tenant.caller.token("getInitToken", grant_type="authorization_code")
    assert missing["code"] == Code.PARAMETER_MISSING
    unsigned = await tenant.caller.http.post("/openWeb/auth/getInitToken", data={"app_key": "x"})
    assert unsigned.json()["code"] == Code.PARAMETER_MISSING


async def test_the_test_host_has_no_refresh(tenant: Tenant) -> None:
    taken = await tenant.caller.token("getInitToken", "openWebIsv", grant_type="authorization_code", code="a1b2c3")
    assert taken["code"] == 0
    assert (await tenant.caller.http.post("/openWebIsv/auth/refreshToken", data={})).status_code == 404


def authorise_query(tenant: Tenant) -> dict[str, str]:
    query = {
        "app_key": tenant.state.config.app_key,
        "timestamp": str(int(tenant.clock().timestamp())),
        "charset": "utf-8",
        "state": "shop-1",
    }
    return query | {"sign": md5_sign(query, tenant.state.config.app_secret)}


@pytest.mark.parametrize("config_overrides", [PROVIDER])
async def test_the_merchant_authorises_a_provider(tenant: Tenant) -> None:
    received: list[dict[str, str]] = []

    async def callback(request: Request) -> Response:
        received.append(dict(request.query_params))
        return JSONResponse({"code": 0})

    with serve(Starlette(routes=[Route("/callback", callback)])) as url:
        config = tenant.state.config.model_copy(update={"callback_url": f"{url}/callback"})
        tenant.state.config = config
        page = await tenant.caller.http.get("/auth", params=authorise_query(tenant))
        assert 'value="shop-1"' in page.text
        agreed = await tenant.caller.http.post("/auth/agree", data={"state": "shop-1"})
    assert agreed.status_code == 200
    [query] = received
    sign = query.pop("sign")
    assert sign == md5_sign(query, config.app_secret)
    assert query["state"] == "shop-1"
    code = query["code"]
    bought = await tenant.caller.token("accessToken", grant_type="authorization_code", code=code)
    tenant.caller.access_token = bought["data"]["access_token"]
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == 0
    again = await tenant.caller.token("accessToken", grant_type="authorization_code", code=code)
    assert again["code"] == Code.PARAMETER_WRONG


@pytest.mark.parametrize("config_overrides", [PROVIDER])
async def test_a_code_lives_fifteen_minutes(tenant: Tenant) -> None:
    code = tenant.state.tokens.new_code(tenant.state.now())
    tenant.clock.forward(minutes=15)
    late = await tenant.caller.token("accessToken", grant_type="authorization_code", code=code)
    assert late["code"] == Code.PARAMETER_WRONG


async def test_an_authorise_link_must_be_signed(tenant: Tenant) -> None:
    page = await tenant.caller.http.get("/auth", params=authorise_query(tenant) | {"state": "other"})
    assert page.json()["code"] == Code.BAD_SIGNATURE


@pytest.mark.parametrize("config_overrides", [PROVIDER | {"callback_url": "http://127.0.0.1:9/callback"}])
async def test_a_callback_nobody_answers(tenant: Tenant) -> None:
    assert (await tenant.caller.http.post("/auth/agree", data={"state": ""})).status_code == 502
