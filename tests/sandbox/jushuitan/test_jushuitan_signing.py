"""The signature vectors V1 to V9 of the vendor document, on the simulator's own code and over the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox.jushuitan.app import create_app
from sandbox.jushuitan.config import JushuitanConfig
from sandbox.jushuitan.signing import push_signature, signature
from sandbox.jushuitan.state import JushuitanState

APP_KEY = "demoappkey0000000000000000000001"
SECRET = "demosecret0000000000000000000002"
TOKEN = "demoaccesstoken00000000000000003"
REFRESH = "demorefreshtoken0000000000000004"
WHEN = "1700000000"

_V3_BIZ = '{"page_index":1,"page_size":50,"modified_begin":"2023-11-14 00:00:00","modified_end":"2023-11-15 00:00:00"}'


def business(biz: str) -> dict[str, str]:
    return {
        "app_key": APP_KEY,
        "access_token": TOKEN,
        "timestamp": WHEN,
        "charset": "utf-8",
        "version": "2",
        "biz": biz,
    }


VECTORS: list[tuple[str, dict[str, str], str]] = [
    (
        "V1 getInitToken",
        {
            "app_key": APP_KEY,
            "charset": "utf-8",
            "code": "a1b2c3",
            "grant_type": "authorization_code",
            "timestamp": WHEN,
        },
        "41d648f1a7d5544c1d5e9aeedb0df8c2",
    ),
    (
        "V2 refreshToken",
        {
            "app_key": APP_KEY,
            "charset": "utf-8",
            "grant_type": "refresh_token",
            "refresh_token": REFRESH,
            "scope": "all",
            "timestamp": WHEN,
        },
        "c51eb38a77b5c372a538d5f0e3ae8bb9",
    ),
    ("V3 ASCII", business(_V3_BIZ), "64c142e320990d3a6ea294faa3a44354"),
    ("V4 raw UTF-8", business('{"type":"调拨出","page_index":1}'), "dd34a936ce05cb29c06afa21e056df05"),
    (
        "V5 escapes",
        business('{"type":"\\u8c03\\u62e8\\u51fa","page_index":1}'),
        "1c552c45d8182d62a0ecf7db9dfcf1a7",
    ),
    (
        "V6 authorise",
        {"app_key": APP_KEY, "charset": "utf-8", "state": "shop-1", "timestamp": WHEN},
        "fdaf051c39becd1f2d5ac51e126ebf2a",
    ),
    ("V7 empty biz", business("{}"), "bc48f6ee30ea82dd0eec7531bd1958a1"),
    (
        "V8 callback",
        {"app_key": APP_KEY, "code": "cb0001", "state": "shop-1"},
        "904a0d353469b1daccd210b98baba12b",
    ),
]


@pytest.mark.parametrize(("parameters", "expected"), [v[1:] for v in VECTORS], ids=[v[0] for v in VECTORS])
def test_vector(parameters: dict[str, str], expected: str) -> None:
    assert signature(parameters, SECRET) == expected
    assert signature(parameters | {"sign": "anything", "unused": ""}, SECRET) == expected


def test_v9_older_push() -> None:
    query = {"method": "logistics.upload", "partnerid": "demopartner", "ts": WHEN, "sign": "x"}
    assert push_signature(query, "erp") == "cffc5bca4683a3ee4faa08b8ff68aae8"


def demo_tenant() -> JushuitanState:
    config = JushuitanConfig(app_key=APP_KEY, app_secret=SECRET, access_token=TOKEN, refresh_token=REFRESH)
    return JushuitanState(config, clock=lambda: datetime.fromtimestamp(int(WHEN), UTC))


@pytest.mark.parametrize(
    ("path", "vector"),
    [
        ("/openWeb/auth/getInitToken", 0),
        ("/openWeb/auth/refreshToken", 1),
        ("/open/refund/single/query", 2),
        ("/open/orders/out/simple/query", 3),
        ("/open/orders/out/simple/query", 4),
        ("/open/shops/query", 6),
    ],
)
async def test_vector_over_the_wire(path: str, vector: int) -> None:
    _, parameters, sign = VECTORS[vector]
    transport = httpx.ASGITransport(create_app(demo_tenant()))
    async with httpx.AsyncClient(transport=transport, base_url="http://jushuitan") as http:
        good: Any = (await http.post(path, data=parameters | {"sign": sign})).json()
        bad: Any = (await http.post(path, data=parameters | {"sign": sign[::-1]})).json()
    assert good["code"] in (0, 140), good  # 140: V4 and V5 are signed well, but name no window
    assert bad["code"] == 10


async def test_v3_body_exactly_as_documented() -> None:
    body = (
        f"app_key={APP_KEY}&access_token={TOKEN}&timestamp={WHEN}&charset=utf-8&version=2&biz=%7B%22page_index%22"
        "%3A1%2C%22page_size%22%3A50%2C%22modified_begin%22%3A%222023-11-14+00%3A00%3A00%22%2C%22modified_end%22"
        "%3A%222023-11-15+00%3A00%3A00%22%7D&sign=64c142e320990d3a6ea294faa3a44354"
    )
    transport = httpx.ASGITransport(create_app(demo_tenant()))
    async with httpx.AsyncClient(transport=transport, base_url="http://jushuitan") as http:
        headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
        reply = await http.post("/open/refund/single/query", content=body, headers=headers)
    assert reply.json()["code"] == 0
    assert reply.headers["content-type"].startswith("application/json")
