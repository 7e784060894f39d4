"""Paths, logins, sessions and the five request envelopes (sections 1, 3 and 5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest

from domain.jsontext import dumps, loads
from sandbox.galaxy.app import create_app
from sandbox.galaxy.signing import login_signature
from sandbox.galaxy.state import GalaxyState
from tests.sandbox.galaxy.desk import Desk, Reply, login, outbound, service

LOST = "会话信息已丢失，请重新登录"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (service("View").removeprefix("/k3cloud"), 403),
        ("/k3cloud/Unknown.common.kdsvc", 404),
        (service("SaveAll"), 404),
        (login("Unknown"), 404),
        ("/", 404),
    ],
)
async def test_other_paths(desk: Desk, path: str, status: int) -> None:
    reply = await desk.http.post(path, json={})
    assert (reply.status_code, reply.content) == (status, b"")


async def test_only_post_is_served(desk: Desk) -> None:
    assert (await desk.http.get(service("View"))).status_code == 405


async def test_paths_ignore_case(desk: Desk) -> None:
    reply = await desk.http.post(service("View").replace("k3cloud", "K3Cloud").lower(), json={"formid": "SAL_OUTSTOCK"})
    assert reply.json()["Result"]["ResponseStatus"]["MsgCode"] == 8


async def test_data_centres_need_no_login(state: GalaxyState) -> None:
    async with fresh(state) as http:
        path = "/k3cloud/Kingdee.BOS.ServiceFacade.ServicesStub.Account.AccountService.GetDataCenterList.common.kdsvc"
        assert (await http.post(path, json={})).json()[0]["Id"] == state.config.acct_id


# --- logins ----------------------------------------------------------------------------------------------------------


def fresh(state: GalaxyState) -> httpx.AsyncClient:
    """A client nobody knows yet."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(state)), base_url="http://kd.test")


LOGINS = [
    ("ValidateUser", {"acctID": "{acct_id}", "username": "{user_name}", "password": "{password}", "lcid": 2052}),
    ("ValidateUser", ["{acct_id}", "{user_name}", "{password}", 2052]),
    (
        "LoginByAppSecret",
        {"acctid": "{acct_id}", "UserName": "{user_name}", "appid": "{app_id}", "appsecret": "{app_secret}"},
    ),
    ("LoginByAppSecret", ["{acct_id}", "{user_name}", "{app_id}", "{app_secret}", 2052]),
    ("LoginBySign", ["{acct_id}", "{user_name}", "{app_id}", 1760000000, "{sign}", 2052]),
    ("LoginBySimplePassport", ["{passport}", 2052]),
]


def filled(state: GalaxyState, value: object) -> object:
    config = state.config
    sign = login_signature(config.acct_id, config.user_name, config.app_id, config.app_secret, "1760000000")
    names = {
        name: getattr(config, name) for name in ("acct_id", "user_name", "password", "app_id", "app_secret", "passport")
    }
    return value.format(**names, sign=sign) if isinstance(value, str) else value


@pytest.mark.parametrize(("operation", "given"), LOGINS)
async def test_every_login_opens_a_session(
    state: GalaxyState, operation: str, given: dict[str, object] | list[object]
) -> None:
    if isinstance(given, list):
        body: dict[str, object] = {"parameters": [filled(state, value) for value in given]}
    else:
        body = {key: filled(state, value) for key, value in given.items()}
    async with fresh(state) as http:
        reply = await http.post(login(operation), json=body)
        tree = reply.json()
        assert (tree["LoginResultType"], tree["IsSuccessByAPI"]) == (1, True)
        assert tree["Context"]["UserName"] == state.config.user_name
        assert set(reply.cookies) == {"kdservice-sessionid", "ASP.NET_SessionId"}
        http.cookies.clear()
        headers = {"kdservice-sessionid": tree["KDSVCSessionId"]}
        by_header = await http.post(
            service("View"), json={"parameters": ["SAL_OUTSTOCK", '{"Number":"X"}']}, headers=headers
        )
        assert Reply(by_header.json()).code == 10


@pytest.mark.parametrize(
    ("operation", "parameters", "result", "part"),
    [
        ("ValidateUser", ["{acct_id}", "{user_name}", "wrong", 2052], 0, "密码"),
        ("ValidateUser", ["elsewhere", "{user_name}", "{password}", 2052], -1, "当前尝试登录的数据中心无法获取到"),
        ("LoginByAppSecret", ["{acct_id}", "stranger", "{app_id}", "{app_secret}"], -1, "不允许用户stranger 登录"),
        ("LoginByAppSecret", ["{acct_id}", "{user_name}", "{app_id}", "wrong"], -1, "第三方应用"),
        ("LoginBySign", ["{acct_id}", "{user_name}", "{app_id}", 1760000001, "{sign}"], -1, "第三方应用"),
        ("LoginBySimplePassport", ["wrong"], 0, "密码"),
    ],
)
async def test_a_wrong_login_opens_none(
    state: GalaxyState, operation: str, parameters: list[object], result: int, part: str
) -> None:
    async with fresh(state) as http:
        reply = await http.post(login(operation), json={"parameters": [filled(state, each) for each in parameters]})
        tree = reply.json()
        assert (tree["LoginResultType"], tree["Context"], tree["KDSVCSessionId"]) == (result, None, "")
        assert part in tree["Message"]
        assert not reply.cookies


async def test_five_wrong_passwords_lock_the_user(state: GalaxyState) -> None:
    async with fresh(state) as http:
        for password in ["wrong"] * 5 + [state.config.password]:
            body = {"parameters": [state.config.acct_id, state.config.user_name, password, 2052]}
            reply = await http.post(login("ValidateUser"), json=body)
        assert reply.json()["LoginResultType"] == -1


async def test_logout_ends_the_session(desk: Desk) -> None:
    await desk.http.post(login("Logout"), json={})
    assert (await desk.call("View", "SAL_OUTSTOCK", Number="X")).code == 1


# --- sessions --------------------------------------------------------------------------------------------------------


async def test_a_lost_session_has_its_own_shape(desk: Desk) -> None:
    await desk.http.post("/_sandbox/expire-sessions")
    reply = await desk.save("SAL_OUTSTOCK", outbound())
    assert reply.tree == {
        "Result": {
            "ResponseStatus": {
                "ErrorCode": 500,
                "IsSuccess": False,
                "Errors": [{"FieldName": None, "Message": LOST, "DIndex": 0}],
                "SuccessEntitys": [],
                "SuccessMessages": [],
                "MsgCode": 1,
            }
        }
    }
    wrapped = await desk.ask("SAL_OUTSTOCK", "FID")
    assert wrapped == [[reply.tree]]
    assert desk.state.bills("SAL_OUTSTOCK") == []


async def test_an_idle_session_is_lost() -> None:
    now = [datetime(2026, 5, 1, tzinfo=UTC)]
    state = GalaxyState(clock=lambda: now[0])
    session = state.sessions.open("demo_user")
    for idle, alive in ((3600, True), (3600, True), (3601, False)):
        now[0] += timedelta(seconds=idle)
        assert (state.sessions.find(session.id) is not None) is alive


async def test_two_sessions_of_one_user_live_side_by_side(desk: Desk) -> None:
    config = desk.state.config
    async with fresh(desk.state) as other:
        await other.post(
            login("ValidateUser"), json={"parameters": [config.acct_id, config.user_name, config.password]}
        )
    assert (await desk.call("View", "SAL_OUTSTOCK", Number="X")).code == 10


# --- envelopes -------------------------------------------------------------------------------------------------------

FORM = "SAL_OUTSTOCK"
DATA = {"Model": outbound("E1")}
ENVELOPES = {
    "named": {"formid": FORM, "data": DATA},
    "named in another case": {"FormId": FORM, "Data": {"model": outbound("E1")}},
    "named with data as text": {"formid": FORM, "data": dumps(DATA)},
    "positional": {"parameters": [FORM, dumps(DATA)]},
    "positional with data as an object": {"parameters": [FORM, DATA]},
    "old client": {
        "format": 1,
        "useragent": "ApiClient",
        "rid": "1",
        "parameters": dumps([FORM, dumps(DATA)]),
        "v": "1.0",
    },
}


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES)
async def test_every_json_envelope_is_understood(desk: Desk, envelope: dict[str, object]) -> None:
    reply = Reply(loads((await desk.post("Save", envelope)).text))
    assert reply.entities == [(0, "E1")]


async def test_form_encoding_is_understood(desk: Desk) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode({"formid": FORM, "data": dumps(DATA)})
    saved = await desk.http.post(service("Save"), content=body, headers=headers)
    assert Reply(saved.json()).entities == [(0, "E1")]
    query = urlencode({"data": json.dumps({"FormId": FORM, "FieldKeys": "FBillNo"})})
    assert (await desk.http.post(service("ExecuteBillQuery"), content=query, headers=headers)).json() == [["E1"]]


@pytest.mark.parametrize("operation", ["ExcuteOperation", "ExecuteOperation"])
async def test_positional_operations_and_queries(desk: Desk, operation: str) -> None:
    await desk.save(FORM, outbound("E1"))
    done = await desk.post(operation, {"parameters": [FORM, "Cancel", '{"Numbers":["E1"]}']})
    assert Reply(done.json()).ok
    query = '{"FormId":"sal_outstock","FieldKeys":"fbillno,FCANCELSTATUS"}'
    assert (await desk.post("ExecuteBillQuery", {"parameters": [query]})).json() == [["E1", "B"]]


@pytest.mark.parametrize("body", ["{", '"text"', '{"parameters":3}', '{"formid":"SAL_OUTSTOCK","data":"{"}'])
async def test_a_body_that_is_no_request_is_a_server_exception(desk: Desk, body: str) -> None:
    reply = await desk.http.post(service("Save"), content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.text.startswith("response_error:")


async def test_switches_and_numbers_may_be_texts(desk: Desk) -> None:
    model = outbound("E1", FDate="2026-05-01 00:00:00")
    model["FEntity"][0] |= {"FRealQty": "2.50", "FTaxPrice": "10", "FIsFree": "false", "FEntryTaxRate": "13"}
    reply = await desk.save(FORM, model, IsAutoSubmitAndAudit="true", IsVerifyBaseDataField="true")
    assert reply.ok
    rows = await desk.ask(FORM, "FDocumentStatus,FRealQty,FAllAmount,FDate", Limit="10", StartRow="0")
    assert dumps(rows) == '[["C",2.50,25.00,"2026-05-01T00:00:00"]]'
