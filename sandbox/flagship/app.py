"""The HTTP side: contexts and paths, who is calling, limits, faults, and how a failure is told (sections 1 to 6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from domain.jsontext import loads
from sandbox.faults import FaultName, FaultRule
from sandbox.flagship import texts
from sandbox.flagship.admin import flagship_admin_routes
from sandbox.flagship.apis import Api
from sandbox.flagship.config import StatusCodes
from sandbox.flagship.operations import Trouble
from sandbox.flagship.replies import Code, Refusal, envelope
from sandbox.flagship.state import FlagshipState
from sandbox.http import JsonText, admin_routes, fail_after, fail_before, html_page, is_delivered_twice

_CONTEXT = "/ierp"
_TOKEN_CALLS = ("getToken", "verifyToken", "withdrawToken")
_LONGEST_URL = 2048
_HTTP_CODES = (
    *(Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.NO_API, Code.METHOD, Code.MEDIA_TYPE, Code.RATE, Code.INTERNAL),
)
_NOT_A_POST = "login.loginBizException"


def create_app(state: FlagshipState) -> FastAPI:
    """The simulator over a state, ready to be served."""
    app = FastAPI(openapi_url=None)
    server = _Server(state)
    app.router.routes.extend([*admin_routes(state.faults, state.calls), *flagship_admin_routes(state)])
    app.add_route("/{path:path}", server.handle, methods=["GET", "POST", "PUT", "DELETE"])
    return app


class _Server:
    def __init__(self, state: FlagshipState) -> None:
        self._state = state
        self._gate: tuple[int, asyncio.Semaphore] | None = None

    async def handle(self, request: Request) -> Response:
        path = request.scope["path"].removeprefix(_CONTEXT)
        if path.startswith("/kapi/oauth2/"):
            return await self._token_call(request, path.removeprefix("/kapi/oauth2/"))
        if path.startswith("/kapi/"):
            return await self._business_call(request, path.removeprefix("/kapi"))
        if path in ("/api/getAppToken.do", "/api/login.do"):
            return await self._legacy_call(request, path)
        if path == "/auth/getAllDatacenters.do":
            config = self._state.config
            return JsonText(
                [{"accountId": config.account_id, "accountNumber": "001", "accountName": config.account_name}]
            )
        return html_page(404, "404 Not Found")

    # --- tokens ------------------------------------------------------------------------------------------------------

    async def _token_call(self, request: Request, name: str) -> Response:
        if name not in _TOKEN_CALLS:
            return html_page(404, "404 Not Found")
        tokens = self._state.tokens
        answer = {"getToken": tokens.get, "verifyToken": tokens.verify, "withdrawToken": tokens.withdraw}[name]

        def reply(given: Mapping[str, Any]) -> dict[str, Any]:
            self._refuse_strangers(request)
            if request.method != "POST":
                raise Refusal(Code.METHOD, texts.METHOD)
            return answer(given)

        return await self._open_call(request, name, reply)

    async def _legacy_call(self, request: Request, path: str) -> Response:
        name = path.rpartition("/")[2]
        tokens = self._state.tokens
        answer = tokens.legacy_app_token if name == "getAppToken.do" else tokens.legacy_login

        def reply(given: Mapping[str, Any]) -> dict[str, Any]:
            if request.method != "POST":
                raise Refusal(_NOT_A_POST, texts.METHOD)
            return answer(given)

        return await self._open_call(request, name, reply)

    async def _open_call(
        self, request: Request, name: str, reply: Callable[[Mapping[str, Any]], dict[str, Any]]
    ) -> Response:
        """A call that needs no token."""
        self._state.calls.note(name)
        rule = self._state.faults.take(name)
        early = await fail_before(rule)
        if early is not None:
            return early
        try:
            _refuse_by_fault(rule)
            body = await request.body()
            given = _parsed(body) if body else {}
            if "accountId" not in given and request.headers.get("accountid"):
                given = {**given, "accountId": request.headers["accountid"]}
            if is_delivered_twice(rule):
                reply(given)
            return fail_after(rule, JsonText(reply(given)))
        except Refusal as refusal:
            return fail_after(rule, self._refused(refusal))

    # --- business ----------------------------------------------------------------------------------------------------

    async def _business_call(self, request: Request, path: str) -> Response:
        state, body = self._state, await request.body()
        found = state.apis.at(path)
        api = found.get(request.method) or next(iter(found.values()), None)
        name = api.operation.value if api else "unknown"
        state.calls.note(name)
        rule = state.faults.take(name, *((f"{api.entity} {name}", api.code) if api else ()))
        early = await fail_before(rule)
        if early is not None:
            return early
        if is_delivered_twice(rule):
            await self._answer(request, path, body, rule)
        return fail_after(rule, await self._answer(request, path, body, rule))

    async def _answer(self, request: Request, path: str, body: bytes, rule: FaultRule | None) -> Response:
        state = self._state
        try:
            self._refuse_strangers(request)
            self._authenticate(request, body, rule)
            account = state.config.account_id
            state.rates.refuse_too_many(f"minute {account}", state.switches.calls_per_minute, 60)
            state.rates.refuse_too_many(f"second {state.config.app_id}", state.switches.calls_per_second, 1)
            api = self._api(request, path)
            _refuse_by_fault(rule)
            asked = _asked(request, body)
            headers = request.headers
            state.repeats.refuse_repeat(path, headers.get("idempotency-key"), headers.get("idempotency-timeout"), body)
            async with self._processing(asked):
                return JsonText(state.operations.run(api, asked, _trouble(rule)))
        except Refusal as refusal:
            return self._refused(refusal)

    def _refuse_strangers(self, request: Request) -> None:
        """The public cloud's gateway lets nobody through who does not name his application."""
        expected = self._state.config.gateway_identity
        if self._state.switches.gateway and request.headers.get("x-acgw-identity") != expected:
            raise Refusal(Code.GATEWAY_UNKNOWN, texts.GATEWAY_UNKNOWN)

    def _authenticate(self, request: Request, body: bytes, rule: FaultRule | None) -> None:
        state, headers = self._state, request.headers
        token = headers.get("accesstoken")
        if token is None and state.switches.underscore_headers:
            token = headers.get("access_token")
        if rule is not None and rule.kind is FaultName.EXPIRE:
            state.tokens.end(token)
        if token is None and state.digest.is_asked(headers):
            if not state.tokens.revoked and request.method == "POST" and state.digest.accepts(headers, body):
                return
        elif state.tokens.user_of(token) is not None:
            return
        raise Refusal(Code.UNAUTHENTICATED, texts.UNAUTHENTICATED)

    def _api(self, request: Request, path: str) -> Api:
        found = self._state.apis.at(path)
        if not found:
            raise Refusal(Code.NO_API, texts.NO_API)
        api = found.get(request.method)
        if api is None:
            raise Refusal(Code.METHOD, texts.METHOD)
        if not api.granted:
            raise Refusal(Code.FORBIDDEN, texts.FORBIDDEN)
        return api

    @asynccontextmanager
    async def _processing(self, asked: Mapping[str, Any]) -> AsyncIterator[None]:
        """The time the call takes, and its turn where only so many are processed at once."""
        switches = self._state.switches
        if not (switches.call_ms or switches.bill_ms or switches.parallel):
            yield
            return
        seconds = (switches.call_ms + switches.bill_ms * self._state.operations.bill_count(asked)) / 1000
        if switches.parallel is None:
            await asyncio.sleep(seconds)
            yield
            return
        if self._gate is None or self._gate[0] != switches.parallel:
            self._gate = (switches.parallel, asyncio.Semaphore(switches.parallel))
        async with self._gate[1]:
            await asyncio.sleep(seconds)
            yield

    def _refused(self, refusal: Refusal) -> Response:
        told = self._state.switches.status_codes is StatusCodes.COMMON and refusal.code in _HTTP_CODES
        return JsonText(envelope(None, refusal.code, refusal.message), int(refusal.code) if told else 200)


def _asked(request: Request, body: bytes) -> Mapping[str, Any]:
    """The request as the body of a POST has it; a GET carries the same in its query."""
    if request.method == "GET":
        if len(str(request.url)) > _LONGEST_URL:
            raise Refusal(Code.INVALID, texts.volume(_LONGEST_URL))
        given: dict[str, Any] = dict(request.query_params)
        paging: dict[str, Any] = {name: given.pop(name) for name in ("pageNo", "pageSize") if name in given}
        return {"data": given, **paging}
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(Code.MEDIA_TYPE, texts.MEDIA_TYPE)
    return _parsed(body)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        tree = loads(body)
    except ValueError as error:
        raise Refusal(Code.UNPARSABLE, texts.UNPARSABLE) from error
    if not isinstance(tree, dict):
        raise Refusal(Code.UNPARSABLE, texts.UNPARSABLE)
    return tree


def _refuse_by_fault(rule: FaultRule | None) -> None:
    """Raise what a fault rule asks for, where it is the vendor's own way to fail."""
    if rule is None:
        return
    match rule.kind:
        case FaultName.SERVER_EXCEPTION:
            raise Refusal(Code.INTERNAL, rule.message or texts.INTERNAL)
        case FaultName.THROTTLE:
            raise Refusal(Code.RATE, rule.message or texts.RATE)
        case FaultName.NO_PERMISSION:
            raise Refusal(Code.FORBIDDEN, rule.message or texts.FORBIDDEN)
        case FaultName.VENDOR:
            raise Refusal(rule.code or Code.EXCEPTION, rule.message or "")


def _trouble(rule: FaultRule | None) -> Trouble:
    match rule.kind if rule is not None else None:
        case FaultName.LOCKED:
            return Trouble(locked_every=1)
        case FaultName.PARTLY_LOCKED:
            return Trouble(locked_every=2)
        case FaultName.BREAK_OFF:
            return Trouble(breaks_off=True)
    return Trouble()
