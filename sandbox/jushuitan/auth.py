"""Token calls and the merchant's authorisation page (vendor document section 2)."""

from __future__ import annotations

import html

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.http import JsonText, fail_after, is_delivered_twice
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.gate import Form, check_signed, require
from sandbox.jushuitan.signing import SIGN, signature
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.tokens import TokenPair
from sandbox.jushuitan.wire import form_of, refused, suffer

_CALLS = {
    "openWeb": ("getInitToken", "accessToken", "refreshToken"),
    "openWebIsv": ("getInitToken", "accessToken"),
}
_COMMON = ("app_key", "timestamp", "grant_type", "charset", SIGN)
_PAGE = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>聚水潭授权</title></head><body>
<h1>聚水潭授权</h1><p>应用 {app_key} 申请访问您的数据。</p>
<form method="post" action="/auth/agree"><input type="hidden" name="state" value="{state}">
<button type="submit">同意授权</button></form></body></html>"""


def auth_routes(state: JushuitanState) -> list[Route]:
    """The token calls, and the page with its button."""

    async def token(request: Request) -> Response:
        host, operation = request.path_params["host"], request.path_params["operation"]
        if operation not in _CALLS.get(host, ()):
            return JsonText({"detail": "Not Found"}, 404)
        state.calls.note(operation)
        fault = state.faults.take(operation)
        instead = await suffer(state, fault)
        if instead is not None:
            return instead
        form = await form_of(request)
        try:
            if is_delivered_twice(fault):
                _token(state, operation, form)
            pair = _token(state, operation, form)
        except Refusal as refusal:
            return refused(refusal)
        return fail_after(fault, _token_answer(state, pair))

    async def page(request: Request) -> Response:
        query = dict(request.query_params)
        try:
            require(query, ("app_key", "timestamp", "charset", SIGN))
            check_signed(state, query)
        except Refusal as refusal:
            return refused(refusal)
        app_key, passed = html.escape(query["app_key"]), html.escape(query.get("state", ""), quote=True)
        return HTMLResponse(_PAGE.format(app_key=app_key, state=passed))

    async def agree(request: Request) -> Response:
        return await _send_code(state, (await form_of(request)).get("state", ""))

    return [
        Route("/{host}/auth/{operation}", token, methods=["POST"]),
        Route("/auth", page, methods=["GET"]),
        Route("/auth/agree", agree, methods=["POST"]),
    ]


def _token(state: JushuitanState, operation: str, form: Form) -> TokenPair:
    """Answer getInitToken, accessToken or refreshToken. Raises Refusal."""
    refresh = operation == "refreshToken"
    require(form, (*_COMMON, "refresh_token", "scope") if refresh else (*_COMMON, "code"))
    check_signed(state, form)
    grant_type = "refresh_token" if refresh else "authorization_code"
    if form["grant_type"] != grant_type:
        raise Refusal(Code.PARAMETER_WRONG, f"grant_type必须为{grant_type}")
    now = state.now()
    if refresh:
        return state.tokens.refresh(form["refresh_token"], now)
    if operation == "getInitToken":
        return state.tokens.first(form["code"], now)
    return state.tokens.exchange(form["code"], now)


def _token_answer(state: JushuitanState, pair: TokenPair) -> Response:
    data = {
        "access_token": pair.access_token,
        "expires_in": int((pair.expires_at - state.now()).total_seconds()),
        "refresh_token": pair.refresh_token,
        "scope": "all",
    }
    return JsonText({"code": int(Code.OK), "msg": "执行成功", "data": data})


async def _send_code(state: JushuitanState, passed_state: str) -> Response:
    """The merchant agreed: send a one-time code to the registered address, which must answer `{"code":0}`."""
    if state.config.callback_url is None:
        return refused(Refusal(Code.PARAMETER_MISSING, "应用未登记回调地址"))
    query = {"app_key": state.config.app_key, "code": state.tokens.new_code(state.now()), "state": passed_state}
    query = {name: value for name, value in query.items() if value}
    query[SIGN] = signature(query, state.config.app_secret)
    try:
        async with httpx.AsyncClient() as client:
            reply = await client.get(state.config.callback_url, params=query)
            taken = reply.status_code == 200 and reply.json().get("code") in (0, "0")
    except (httpx.HTTPError, ValueError):
        taken = False
    return HTMLResponse(f"<p>{'授权成功' if taken else '授权失败'}</p>", 200 if taken else 502)
