"""Rows 1 to 6 and 22 of the table: tokens, contexts, headers, the gateway, signatures."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from domain.jsontext import dumps
from sandbox.flagship.clock import plain
from sandbox.flagship.digest import signature
from sandbox.flagship.state import FlagshipState
from tests.sandbox.flagship.conftest import Hand
from tests.sandbox.flagship.office import Office

GET_TOKEN = "/oauth2/getToken"
QUERY = "/v2/im/im_saloutbill/query"
ASK = {"data": {}, "pageSize": 10}


async def token_code(office: Office, **more: Any) -> str:
    return await office.code(GET_TOKEN, office.token_request(**more))


async def test_a_token(stranger: Office) -> None:
    reply = await stranger.call(GET_TOKEN, stranger.token_request())
    assert (reply["errorCode"], reply["status"], reply["message"]) == ("0", True, "")
    data = reply["data"]
    assert (data["token_type"], data["scope"], data["language"]) == ("Bearer", "API", "zh_CN")
    assert data["expires_in"] == "7200000"
    kind, _, packed = data["access_token"].partition("_")
    account, _, random = base64.b64decode(packed).decode().partition("_")
    assert (kind, account, len(random)) == ("OPENAPIAUTH", stranger.state.config.account_id, 100)


@pytest.mark.parametrize("name", ["client_id", "client_secret", "username", "accountId", "nonce", "timestamp"])
async def test_a_parameter_is_missing(stranger: Office, name: str) -> None:
    for value in (None, ""):
        reply = await stranger.call(GET_TOKEN, stranger.token_request(**{name: value}))
        assert reply["errorCode"] == "603"
        assert name in reply["message"]


async def test_the_data_centre_may_stand_in_a_header(stranger: Office) -> None:
    account = stranger.state.config.account_id
    assert await stranger.code(GET_TOKEN, stranger.token_request(accountId=None), accountId=account) == "0"


async def test_checks_come_in_their_order(stranger: Office) -> None:
    wrong = {"client_id": "x", "client_secret": "x", "username": "x", "timestamp": "x"}
    assert (await stranger.raw("/kapi" + GET_TOKEN, {}, "GET")).status_code == 405
    assert await token_code(stranger, **wrong, nonce=None) == "603"
    assert await token_code(stranger, **wrong) == "401"
    assert await token_code(stranger, **wrong | {"client_id": "demo_app"}) == "401"
    assert await token_code(stranger, username="x", timestamp="x") == "603"
    assert await token_code(stranger, username="clerk") == "603"
    assert await token_code(stranger, timestamp="x") == "603"
    assert await token_code(stranger) == "0"


async def test_proxy_users_may_be_uncontrolled(stranger: Office) -> None:
    stranger.state.switches.proxy_control = False
    assert await token_code(stranger, username="clerk") == "0"


async def test_a_nonce_is_good_once(stranger: Office) -> None:
    assert await token_code(stranger, nonce="same") == "0"
    assert await token_code(stranger, nonce="same") == "603"


@pytest.mark.parametrize(("minutes", "code"), [(-6, "603"), (-4.9, "0"), (4.9, "0"), (6, "603")])
async def test_the_clock_may_be_off_five_minutes(stranger: Office, hand: Hand, minutes: float, code: str) -> None:
    request = stranger.token_request()
    hand.turn(minutes=minutes)
    assert await stranger.code(GET_TOKEN, request) == code


async def test_the_time_may_be_told_in_the_zero_zone(stranger: Office) -> None:
    assert await token_code(stranger, timestamp="2026-11-22T02:00:00.009Z") == "0"
    assert await token_code(stranger, timestamp="2026-11-22T10:00:00.009Z") == "603"


async def test_five_wrong_secrets_lock_for_three_minutes(stranger: Office, hand: Hand) -> None:
    for _ in range(4):
        assert await token_code(stranger, client_secret="wrong") == "401"
    assert await token_code(stranger) == "0"  # counting begins anew
    for _ in range(5):
        assert await token_code(stranger, client_secret="wrong") == "401"
    assert await token_code(stranger) == "401"
    hand.turn(seconds=179)
    assert await token_code(stranger) == "401"
    hand.turn(seconds=2)
    assert await token_code(stranger) == "0"


async def test_an_unknown_application_costs_no_attempt(stranger: Office) -> None:
    for settings in ({"client_id": "other"}, {"accountId": "1000000000000000002"}) * 3:
        assert await token_code(stranger, client_secret="wrong", **settings) == "401"
    assert await token_code(stranger) == "0"


async def test_thirty_tokens_a_minute(stranger: Office, hand: Hand) -> None:
    assert [await token_code(stranger) for _ in range(30)] == ["0"] * 30
    assert await token_code(stranger) == "429"
    hand.turn(seconds=61)
    assert await token_code(stranger) == "0"


async def test_tokens_end(office: Office, hand: Hand) -> None:
    assert await office.code(QUERY, ASK) == "0"
    hand.turn(hours=2, seconds=-1)
    assert await office.code(QUERY, ASK) == "0"
    hand.turn(seconds=2)
    reply = await office.raw("/kapi" + QUERY, ASK)
    assert (reply.status_code, reply.json()["errorCode"]) == (401, "401")


async def test_tokens_are_verified_and_withdrawn(office: Office, hand: Hand) -> None:
    def about(token: str) -> dict[str, Any]:
        return office.token_request(token=token, token_type_hint="access_token")

    hand.turn(seconds=60)
    token = office.headers["accesstoken"]
    reply = await office.call("/oauth2/verifyToken", about(token))
    assert reply["data"] == {"expires_in": "7140000", "active": True, "scope": "API"}
    assert await office.code("/oauth2/verifyToken", about("none")) == "612"
    assert await office.code("/oauth2/withdrawToken", about(token) | {"client_secret": "x"}) == "401"
    reply = await office.call("/oauth2/withdrawToken", about(token))
    assert (reply["data"], reply["message"]) == (True, "true")
    assert await office.code("/oauth2/withdrawToken", about(token)) == "611"
    assert await office.code("/oauth2/verifyToken", about(token)) == "612"
    assert await office.code(QUERY, ASK) == "401"
    for name in ("verifyToken", "withdrawToken"):
        assert await office.code(f"/oauth2/{name}", {}) == "603"


async def test_there_is_no_refresh(office: Office) -> None:
    reply = await office.raw("/kapi/oauth2/refreshToken", office.token_request())
    assert (reply.status_code, reply.text[:6]) == (404, "<html>")


@pytest.mark.parametrize("spelling", ["appSecret", "appSecuret"])
async def test_the_two_steps_of_older_servers(stranger: Office, spelling: str) -> None:
    config = stranger.state.config
    app = {"appId": config.app_id, spelling: config.app_secret, "accountId": config.account_id, "language": "zh_CN"}
    first = (await stranger.raw("/api/getAppToken.do", app)).json()
    assert (first["state"], first["status"], first["data"]["success"]) == ("success", True, True)
    assert first["data"]["expire_time"] == int((stranger.state.clock().timestamp() + 7200) * 1000)
    user = {"user": config.user, "apptoken": first["data"]["app_token"], "accountId": config.account_id}
    second = (await stranger.raw("/ierp/api/login.do", user)).json()
    token = second["data"]["access_token"]
    assert token.startswith(config.account_id + "_")
    assert await stranger.code(QUERY, ASK, accesstoken=token) == "0"
    for path, wrong in (
        ("getAppToken", app | {spelling: "x"}),
        ("login", user | {"apptoken": "x"}),
        ("login", user | {"user": "x"}),
    ):
        data = (await stranger.raw(f"/api/{path}.do", wrong)).json()["data"]
        assert (data["success"], data["error_code"]) == (False, "401")
    assert (await stranger.raw("/api/login.do", method="GET")).json()["errorCode"] == "login.loginBizException"


async def test_data_centres_are_told_to_everybody(stranger: Office) -> None:
    [centre] = (await stranger.raw("/ierp/auth/getAllDatacenters.do", {})).json()
    assert centre == {
        "accountId": stranger.state.config.account_id,
        "accountNumber": "001",
        "accountName": "演示数据中心",
    }


async def test_both_contexts_and_no_other(office: Office) -> None:
    for context, status in (("", 200), ("/ierp", 200), ("/ierp/ierp", 404), ("/x", 404)):
        reply = await office.raw(f"{context}/kapi{QUERY}", ASK)
        assert reply.status_code == status
        assert reply.text.startswith("<html>" if status == 404 else "{")


async def test_both_spellings_of_the_header(office: Office) -> None:
    token = office.headers.pop("accesstoken")
    assert await office.code(QUERY, ASK, access_token=token) == "0"
    assert await office.code(QUERY, ASK, accessToken=token) == "0"
    office.state.switches.underscore_headers = False
    assert await office.code(QUERY, ASK, access_token=token) == "401"
    assert await office.code(f"{QUERY}?access_token={token}", ASK) == "401"


async def test_the_gateway_asks_everybody(office: Office) -> None:
    office.state.switches.gateway = True
    assert await office.code(QUERY, ASK) == "2501"
    assert await office.code(GET_TOKEN, office.token_request()) == "2501"
    office.headers["x-acgw-identity"] = office.state.config.gateway_identity
    assert await office.code(QUERY, ASK) == "0"
    assert await office.code(GET_TOKEN, office.token_request()) == "0"


# ── signatures (section 3.5) ────────────────────────────────────────────────────────────────────────────────────────

NONCE = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("body", "signed"),
    [
        (
            '{"data":{"number":"SUP-0001","name":"Demo supplier","createorg_number":"100"}}',
            "847ca2e8497ff8c0a133a9ca31e327b1341ed11d596b5af4abb69fc39a85c97c",
        ),
        ('{"testName":"test"}', "b01017e9080946fa0720eb3642e9531739f7a221e6c24bf745a52fa6d01d8826"),
        ('{"data":{"name":"演示供应商"}}', "470f03ff17ae6c53d655bf9de6b39880ccec8792f9132838e8e0f98346d95fbb"),
    ],
)
async def test_signed_calls(stranger: Office, body: str, signed: str) -> None:
    """The vectors are accepted as they stand: the call gets as far as its parameters."""
    headers = digest_headers(stranger.state, signed)
    reply = await stranger.http.post(
        f"/kapi{QUERY}", content=body.encode(), headers={"content-type": "application/json", **headers}
    )
    assert reply.json()["errorCode"] == "400"


def digest_headers(state: FlagshipState, signed: str, **more: str) -> dict[str, str]:
    config = state.config
    headers = {
        "appId": config.app_id,
        "timestamp": "2026-11-22 10:00:00",
        "signatureNonce": NONCE,
        "signature": signed,
        "user": config.user,
        "usertype": "UserName",
        "accountId": config.account_id,
    }
    return headers | more


async def test_what_makes_a_signature_wrong(stranger: Office, hand: Hand) -> None:
    text = dumps(ASK)
    nonces = iter(range(100))

    async def exact(body: dict[str, Any] = ASK, **more: str) -> str:
        nonce = f"exact-{next(nonces)}"
        moment = plain(stranger.state.clock())
        signed = signature(stranger.state.config.digest_key, text + moment + nonce)
        headers = digest_headers(stranger.state, signed, signatureNonce=nonce, timestamp=moment) | more
        return await stranger.code(QUERY, body, **headers)

    assert await exact() == "0"
    assert await exact(ASK | {"pageSize": 11}) == "401"
    assert await exact(user="nobody") == "401"
    assert await exact(timestamp="2026-11-22 10:00:01") == "401"
    assert await exact(timestamp="now") == "401"
    again = digest_headers(
        stranger.state, signature(stranger.state.config.digest_key, text + "2026-11-22 10:00:00" + NONCE)
    )
    assert await stranger.code(QUERY, ASK, **again) == "0"
    assert await stranger.code(QUERY, ASK, **again) == "401"  # a nonce is good once
    hand.turn(minutes=11)
    stale = signature(stranger.state.config.digest_key, text + "2026-11-22 10:00:00" + "other")
    assert await stranger.code(QUERY, ASK, **digest_headers(stranger.state, stale, signatureNonce="other")) == "401"
