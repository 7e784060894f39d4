"""Signatures against the vectors of the wire contract (section 3.3)."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from pydantic import SecretStr, ValidationError

from connectors.jushuitan.access import JushuitanAccess
from connectors.jushuitan.signing import authorise_url, is_genuine, sign, signed

KEY = "demoappkey0000000000000000000001"
SECRET = "demosecret0000000000000000000002"
TOKEN = "demoaccesstoken00000000000000003"
COMMON = {"app_key": KEY, "timestamp": "1700000000", "charset": "utf-8"}
BUSINESS = {"app_key": KEY, "access_token": TOKEN, "timestamp": "1700000000", "charset": "utf-8", "version": "2"}
V3_BIZ = '{"page_index":1,"page_size":50,"modified_begin":"2023-11-14 00:00:00","modified_end":"2023-11-15 00:00:00"}'
V3_BODY = (
    "app_key=demoappkey0000000000000000000001&access_token=demoaccesstoken00000000000000003&timestamp=1700000000"
    "&charset=utf-8&version=2&biz=%7B%22page_index%22%3A1%2C%22page_size%22%3A50%2C%22modified_begin%22%3A%222023-11-14"
    "+00%3A00%3A00%22%2C%22modified_end%22%3A%222023-11-15+00%3A00%3A00%22%7D&sign=64c142e320990d3a6ea294faa3a44354"
)
DEMO = JushuitanAccess(url="https://openapi.example.test", app_key=KEY, app_secret=SecretStr(SECRET))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        pytest.param(
            {**COMMON, "grant_type": "authorization_code", "code": "a1b2c3"},
            "41d648f1a7d5544c1d5e9aeedb0df8c2",
            id="V1 getInitToken",
        ),
        pytest.param(
            {
                **COMMON,
                "grant_type": "refresh_token",
                "refresh_token": "demorefreshtoken0000000000000004",
                "scope": "all",
            },
            "c51eb38a77b5c372a538d5f0e3ae8bb9",
            id="V2 refreshToken",
        ),
        pytest.param({**BUSINESS, "biz": V3_BIZ}, "64c142e320990d3a6ea294faa3a44354", id="V3 business"),
        pytest.param(
            {**BUSINESS, "biz": '{"type":"调拨出","page_index":1}'}, "dd34a936ce05cb29c06afa21e056df05", id="V4 Chinese"
        ),
        pytest.param(
            {**BUSINESS, "biz": r'{"type":"\u8c03\u62e8\u51fa","page_index":1}'},
            "1c552c45d8182d62a0ecf7db9dfcf1a7",
            id="V5 escaped",
        ),
        pytest.param({**COMMON, "state": "shop-1"}, "fdaf051c39becd1f2d5ac51e126ebf2a", id="V6 authorise page"),
        pytest.param({**BUSINESS, "biz": "{}"}, "bc48f6ee30ea82dd0eec7531bd1958a1", id="V7 empty biz"),
        pytest.param(
            {"app_key": KEY, "code": "cb0001", "state": "shop-1"}, "904a0d353469b1daccd210b98baba12b", id="V8 callback"
        ),
    ],
)
def test_vectors(parameters: dict[str, str], expected: str) -> None:
    assert sign(parameters, SECRET) == expected
    assert signed(parameters, SECRET)["sign"] == expected
    assert sign({**dict(reversed(parameters.items())), "sign": "x", "empty": ""}, SECRET) == expected


def test_the_body_of_a_business_call() -> None:
    assert urlencode(signed({**BUSINESS, "biz": V3_BIZ}, SECRET)) == V3_BODY


def test_the_authorise_page() -> None:
    url = authorise_url(DEMO, 1700000000, "shop-1")
    assert url.startswith("https://openweb.jushuitan.com/auth?")
    assert dict(parse_qsl(urlsplit(url).query))["sign"] == "fdaf051c39becd1f2d5ac51e126ebf2a"


def test_an_empty_state_signs_as_if_there_were_none() -> None:
    query = dict(parse_qsl(urlsplit(authorise_url(DEMO, 1700000000)).query))
    assert query["sign"] == sign(COMMON, SECRET)


@pytest.mark.parametrize(
    ("change", "genuine"),
    [({}, True), ({"code": "cb0002"}, False), ({"sign": ""}, False), ({"sign": "９"}, False), ({"more": "x"}, False)],
)
def test_a_callback_is_checked(change: dict[str, str], genuine: bool) -> None:
    callback = {"app_key": KEY, "code": "cb0001", "state": "shop-1", "sign": "904a0d353469b1daccd210b98baba12b"}
    assert is_genuine(callback | change, SECRET) is genuine
    assert not is_genuine({"code": "x"}, SECRET)


def test_addresses() -> None:
    assert DEMO.business("/open/shops/query") == "https://openapi.example.test/open/shops/query"
    assert DEMO.token_call("getInitToken") == "https://openapi.example.test/openWeb/auth/getInitToken"
    elsewhere = DEMO.model_copy(update={"token_url": "https://dev.example.test/openWebIsv/auth"})
    assert elsewhere.token_call("getInitToken") == "https://dev.example.test/openWebIsv/auth/getInitToken"


def test_the_zone_of_the_wire_is_no_setting() -> None:
    """It would hold for the windows asked for, and not for the times in the rows: the bill's day would be wrong."""
    settings = {"url": "https://x.test", "app_key": KEY, "app_secret": SecretStr(SECRET), "zone": "America/New_York"}
    with pytest.raises(ValidationError, match="zone"):
        JushuitanAccess.model_validate(settings)
