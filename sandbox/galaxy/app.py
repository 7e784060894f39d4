"""The HTTP side: paths, who is calling, faults, processing time, and how a failure is told (section 1 and 6)."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import FaultName, FaultRule
from sandbox.galaxy import texts
from sandbox.galaxy.admin import galaxy_admin_routes
from sandbox.galaxy.envelopes import fold, read_parameters
from sandbox.galaxy.operations import Call, EditLocked, Operations
from sandbox.galaxy.replies import SESSION_LOST, MsgCode, Outcome, Refusal, ServerException
from sandbox.galaxy.sessions import SESSION_NAME, Session, WrongDataCentre
from sandbox.galaxy.state import GalaxyState
from sandbox.http import JsonText, admin_routes, fail_after, fail_before, is_delivered_twice

_SERVICE = re.compile(r"/k3cloud/(?P<service>[\w.]+)\.common\.kdsvc", re.IGNORECASE)
_FORMS = "kingdee.bos.webapi.servicesstub.dynamicformservice."
_LOGINS = "kingdee.bos.webapi.servicesstub.authservice."
_DATA_CENTRES = "kingdee.bos.servicefacade.servicesstub.account.accountservice.getdatacenterlist"
_LOGIN_OPERATIONS = ("validateuser", "loginbyappsecret", "loginbysign", "loginbysimplepassport")
_QUERY = "executebillquery"


def create_app(state: GalaxyState) -> FastAPI:
    """The simulator over a state, ready to be served."""
    app = FastAPI(openapi_url=None)
    server = _Server(state)
    app.router.routes.extend([*admin_routes(state.faults, state.calls), *galaxy_admin_routes(state)])
    app.add_route("/{path:path}", server.handle, methods=["GET", "POST", "PUT", "DELETE"])
    return app


class _Server:
    def __init__(self, state: GalaxyState) -> None:
        self._state = state
        self._operations = Operations(state)
        self._recent: deque[float] = deque()
        self._gate: tuple[int, asyncio.Semaphore] | None = None

    async def handle(self, request: Request) -> Response:
        path = request.scope["path"]
        match = _SERVICE.fullmatch(path)
        if match is None:
            return Response(status_code=403 if path.casefold().endswith(".common.kdsvc") else 404)
        if request.method != "POST":
            return Response(status_code=405)
        service = match["service"]
        folded = service.casefold()
        operation = service.rpartition(".")[2]
        answer: Callable[[Request, str, FaultRule | None], Awaitable[Response]]
        if folded.startswith(_FORMS) and self._operations.knows(operation):
            return await self._form_call(request, operation)
        if folded.startswith(_LOGINS) and operation.casefold() in _LOGIN_OPERATIONS:
            answer = self._login
        elif folded == f"{_LOGINS}logout":
            answer = self._logout
        elif folded == _DATA_CENTRES:
            answer = self._data_centres
        else:
            return Response(status_code=404)
        self._state.calls.note(operation)
        rule = self._state.faults.take(operation)
        early = await fail_before(rule)
        if early is not None:
            return early
        if is_delivered_twice(rule):
            await answer(request, operation, rule)
        return fail_after(rule, await answer(request, operation, rule))

    # --- forms -------------------------------------------------------------------------------------------------------

    async def _form_call(self, request: Request, operation: str) -> Response:
        state = self._state
        state.calls.note(operation)
        body = await request.body()
        try:
            parameters = read_parameters(operation, request.headers.get("content-type", ""), body)
        except ServerException as error:
            return _exception(str(error))
        form = _form_of(parameters)
        rule = state.faults.take(operation, f"{form} {operation}")
        early = await fail_before(rule)
        if early is not None:
            return early
        try:
            session, is_new = self._authenticate(request, rule)
        except WrongDataCentre:
            return Response(texts.UNKNOWN_DATA_CENTRE, 500, media_type="text/plain")
        if session is None:
            return JsonText(_told(operation, Outcome.of(SESSION_LOST).reply()))
        call = Call(operation, form, parameters, session, _edit_lock(rule), _breaks_off(rule))
        if is_delivered_twice(rule):
            await self._answer(call, rule)
        reply = await self._answer(call, rule)
        if is_new:
            _set_cookies(reply, session)
        return fail_after(rule, reply)

    async def _answer(self, call: Call, rule: FaultRule | None) -> Response:
        try:
            self._refuse_too_many()
            refuse_by_fault(rule, call)
            async with self._processing(call):
                reply = self._operations.run(call)
            if call.breaks_off:
                raise ServerException(texts.NULL_REFERENCE)
            return JsonText(reply)
        except Refusal as refusal:
            return JsonText(_told(call.operation, _refused(call.operation, refusal)))
        except ServerException as error:
            return _exception(str(error))
        except ValueError as error:
            return _exception(f"输入字符串的格式不正确：{error}")

    def _authenticate(self, request: Request, rule: FaultRule | None) -> tuple[Session | None, bool]:
        """The session of a call, and whether it was opened just now. Signed headers count only without a session."""
        sessions = self._state.sessions
        session_id = request.headers.get(SESSION_NAME) or request.cookies.get(SESSION_NAME)
        if rule is not None and rule.kind is FaultName.EXPIRE:
            sessions.end(session_id)
            return None, False
        session = sessions.find(session_id)
        if session is not None:
            return session, False
        if "x-api-signature" not in request.headers:
            return None, False
        return sessions.signed(request.scope["path"], request.headers), True

    def _refuse_too_many(self) -> None:
        limit = self._state.switches.calls_per_second
        if limit is None:
            return
        now = self._state.db.clock().timestamp()
        while self._recent and now - self._recent[0] >= 1:
            self._recent.popleft()
        if len(self._recent) >= limit:
            raise Refusal(texts.CALL_LIMIT, field=None, code=MsgCode.CALL_LIMIT)
        self._recent.append(now)

    @asynccontextmanager
    async def _processing(self, call: Call) -> AsyncIterator[None]:
        """The time the call takes, and its turn where only so many are processed at once."""
        switches = self._state.switches
        if not (switches.call_ms or switches.bill_ms or switches.parallel):
            yield
            return
        seconds = (switches.call_ms + switches.bill_ms * self._operations.bill_count(call)) / 1000
        if switches.parallel is None:
            await asyncio.sleep(seconds)
            yield
            return
        if self._gate is None or self._gate[0] != switches.parallel:
            self._gate = (switches.parallel, asyncio.Semaphore(switches.parallel))
        async with self._gate[1]:
            await asyncio.sleep(seconds)
            yield

    # --- logins ------------------------------------------------------------------------------------------------------

    async def _login(self, request: Request, operation: str, rule: FaultRule | None) -> Response:
        try:
            parameters = read_parameters(operation, request.headers.get("content-type", ""), await request.body())
        except ServerException as error:
            return _exception(str(error))
        given = {key: "" if value is None else str(value) for key, value in parameters.items()}
        session, reply = self._state.sessions.login(operation.casefold(), given)
        response = JsonText(reply)
        if session is not None:
            _set_cookies(response, session)
        return response

    async def _logout(self, request: Request, operation: str, rule: FaultRule | None) -> Response:
        self._state.sessions.end(request.headers.get(SESSION_NAME) or request.cookies.get(SESSION_NAME))
        return JsonText(True)

    async def _data_centres(self, request: Request, operation: str, rule: FaultRule | None) -> Response:
        config = self._state.config
        return JsonText([{"Id": config.acct_id, "Number": "001", "Name": config.data_centre}])


def refuse_by_fault(rule: FaultRule | None, call: Call) -> None:
    """Raise what a fault rule asks for, where it is the vendor's own way to fail."""
    if rule is None:
        return
    match rule.kind:
        case FaultName.SERVER_EXCEPTION:
            raise ServerException(rule.message or texts.NULL_REFERENCE)
        case FaultName.THROTTLE:
            raise Refusal(rule.message or texts.CALL_LIMIT, field=None, code=MsgCode.CALL_LIMIT)
        case FaultName.NO_PERMISSION:
            message = rule.message or texts.no_permission(call.form, call.operation)
            raise Refusal(message, field=None, code=MsgCode.NO_PERMISSION)
        case FaultName.VENDOR:
            raise Refusal(rule.message or "", field=None, code=int(rule.code or MsgCode.EXCEPTION))


def _edit_lock(rule: FaultRule | None) -> EditLocked | None:
    """An injected edit lock; servers were seen to answer it with MsgCode 0 and 13."""
    if rule is None or rule.kind not in (FaultName.LOCKED, FaultName.PARTLY_LOCKED):
        return None
    return EditLocked(int(rule.code or MsgCode.EDIT_LOCK), every=2 if rule.kind is FaultName.PARTLY_LOCKED else 1)


def _breaks_off(rule: FaultRule | None) -> bool:
    return rule is not None and rule.kind is FaultName.BREAK_OFF


def _form_of(parameters: dict[str, Any]) -> str:
    form = parameters.get("formid")
    data = parameters.get("data")
    if not form and isinstance(data, dict):
        form = fold(data).get("formid")
    return str(form or "")


def _refused(operation: str, refusal: Refusal) -> dict[str, Any]:
    reply = Outcome.of(refusal).reply()
    if operation.casefold() in ("save", "draft"):
        reply["Result"] |= {"Id": "", "NeedReturnData": [{}]}
    return reply


def _told(operation: str, reply: dict[str, Any]) -> Any:
    """ExecuteBillQuery hides its errors in what looks like one row."""
    return [[reply]] if operation.casefold() == _QUERY else reply


def _exception(text: str) -> Response:
    return Response(f"response_error: {text}", media_type="text/plain")


def _set_cookies(response: Response, session: Session) -> None:
    response.set_cookie(SESSION_NAME, session.id, path="/", httponly=True, samesite=None)
    response.set_cookie("ASP.NET_SessionId", session.id[:24], path="/", httponly=True, samesite=None)
