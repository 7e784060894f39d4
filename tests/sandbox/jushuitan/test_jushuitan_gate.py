"""What a call must pass before it reaches its API: fields, key, clock, signature, token, rights, limits."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.jushuitan.codes import Code
from tests.sandbox.jushuitan.tenant import Tenant

SHOPS = "/open/shops/query"


async def code(tenant: Tenant, **overrides: str) -> int:
    return int((await tenant.caller.call(SHOPS, "{}", **overrides))["code"])


@pytest.mark.parametrize("missing", ["app_key", "access_token", "timestamp", "charset", "version", "biz", "sign"])
async def test_every_system_field_is_mandatory(tenant: Tenant, missing: str) -> None:
    form = tenant.caller.form("{}")
    answer = await tenant.caller.send(SHOPS, {name: value for name, value in form.items() if name != missing})
    assert answer["code"] == Code.PARAMETER_MISSING
    assert missing in answer["msg"]


async def test_errors_come_with_http_200_and_no_data(tenant: Tenant) -> None:
    reply = await tenant.caller.http.post(SHOPS, data={"app_key": "x"})
    assert reply.status_code == 200
    assert reply.json()["data"] is None


async def test_a_json_body_is_no_form(tenant: Tenant) -> None:
    reply = await tenant.caller.http.post(SHOPS, json=tenant.caller.form("{}"))
    assert reply.json()["code"] == Code.PARAMETER_MISSING


async def test_only_post_and_only_known_paths(tenant: Tenant) -> None:
    assert (await tenant.caller.http.get(SHOPS)).status_code == 405
    assert (await tenant.caller.http.post("/open/nothing/query", data={})).status_code == 404


async def test_unknown_key_bad_signature_and_bad_token(tenant: Tenant) -> None:
    assert await code(tenant, app_key="somebodyelse") == Code.BAD_SIGNATURE
    assert await code(tenant, access_token="unknown") == Code.BAD_TOKEN
    form = tenant.caller.form("{}") | {"sign": "0" * 32}
    assert (await tenant.caller.send(SHOPS, form))["code"] == Code.BAD_SIGNATURE


@pytest.mark.parametrize(("seconds", "expected"), [(900, 0), (-900, 0), (901, 140), (-901, 140)])
async def test_clock_tolerance_is_fifteen_minutes(tenant: Tenant, seconds: int, expected: int) -> None:
    sent = str(int(tenant.clock().timestamp()) + seconds)
    assert await code(tenant, timestamp=sent) == expected


@pytest.mark.parametrize("timestamp", ["1700000000000", "soon", "170000000０"])
async def test_a_timestamp_is_ten_digits(tenant: Tenant, timestamp: str) -> None:
    assert await code(tenant, timestamp=timestamp) == Code.PARAMETER_WRONG


@pytest.mark.parametrize("config_overrides", [{"tolerance_code": Code.TIMESTAMP_OLD_TABLE}])
async def test_the_older_timestamp_code_is_a_switch(tenant: Tenant) -> None:
    assert await code(tenant, timestamp="1700000000") == 180


@pytest.mark.parametrize(("name", "value"), [("charset", "gbk"), ("version", "1")])
async def test_charset_and_version_are_fixed(tenant: Tenant, name: str, value: str) -> None:
    assert await code(tenant, **{name: value}) == Code.PARAMETER_WRONG


async def test_upper_case_charset_is_taken(tenant: Tenant) -> None:
    assert await code(tenant, charset="UTF-8") == 0


async def test_checks_run_in_the_documented_order(tenant: Tenant) -> None:
    """Each call has all the faults that come later in the order, and is refused for the first."""
    wrong: dict[str, str] = {"app_key": "unknown", "timestamp": "1", "access_token": "unknown"}
    bad_sign = tenant.caller.form("{}", **wrong) | {"sign": "0"}
    assert (await tenant.caller.send(SHOPS, bad_sign | {"version": ""}))["code"] == Code.PARAMETER_MISSING
    assert (await tenant.caller.send(SHOPS, bad_sign))["code"] == Code.BAD_SIGNATURE
    known = tenant.caller.form("{}", timestamp="1", access_token="unknown") | {"sign": "0"}
    assert (await tenant.caller.send(SHOPS, known))["code"] == Code.PARAMETER_WRONG
    in_time = tenant.caller.form("{}", access_token="unknown") | {"sign": "0"}
    assert (await tenant.caller.send(SHOPS, in_time))["code"] == Code.BAD_SIGNATURE
    assert await code(tenant, access_token="unknown") == Code.BAD_TOKEN


@pytest.mark.parametrize("config_overrides", [{"allowed_ips": frozenset({"10.9.9.9"}), "permissions": frozenset()}])
async def test_ip_list_comes_before_permissions(tenant: Tenant) -> None:
    answer = await tenant.caller.call(SHOPS, "{}")
    assert answer["code"] == Code.IP_NOT_ALLOWED
    assert "10.1.1.1" in answer["msg"]


@pytest.mark.parametrize("config_overrides", [{"permissions": frozenset({"/open/wms/partner/query"})}])
async def test_a_path_without_permission(tenant: Tenant) -> None:
    assert await code(tenant) == Code.NO_PERMISSION
    assert (await tenant.caller.call("/open/wms/partner/query", "{}"))["code"] == 0


async def test_five_calls_a_second(tenant: Tenant) -> None:
    await tenant.caller.switch("limits", per_second=5, per_minute=100)
    assert [await code(tenant) for _ in range(7)] == [0, 0, 0, 0, 0, 199, 199]
    tenant.clock.forward(seconds=1)
    assert await code(tenant) == 0


async def test_a_hundred_calls_a_minute_and_the_next_minute_is_free(tenant: Tenant) -> None:
    await tenant.caller.switch("limits", per_second=5, per_minute=100)
    codes = []
    for call in range(101):
        if call and call % 5 == 0:
            tenant.clock.forward(seconds=1)
        codes.append(await code(tenant))
    assert codes == [0] * 100 + [200]
    tenant.clock.forward(seconds=60)
    assert await code(tenant) == 0


async def test_limits_are_lifted_by_null(tenant: Tenant) -> None:
    await tenant.caller.switch("limits", per_second=1)
    assert [await code(tenant), await code(tenant)] == [0, 199]
    assert await tenant.caller.switch("limits", per_second=None) == {"per_second": None, "per_minute": None}
    assert await code(tenant) == 0


@pytest.mark.parametrize("biz", ["{", "null", "[]", "text"])
async def test_biz_must_be_a_json_object_for_queries(tenant: Tenant, biz: str) -> None:
    assert (await tenant.caller.call(SHOPS, biz))["code"] == Code.PARAMETER_WRONG


@pytest.mark.parametrize(
    "biz",
    [
        {"page_index": 0},
        {"page_index": "x"},
        {"page_size": "1.5"},
        {"page_size": -1},
        {"page_index": [1]},
        {"page_index": "NaN"},
    ],
)
async def test_nonsense_in_biz_is_refused_not_a_crash(tenant: Tenant, biz: dict[str, Any]) -> None:
    assert (await tenant.caller.call(SHOPS, biz))["code"] == Code.PARAMETER_WRONG
