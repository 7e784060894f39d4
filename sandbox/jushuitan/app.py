"""The simulator on the wire: business APIs under /open, token APIs under /openWeb, switches under /_sandbox."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.jsontext import dumps
from sandbox.faults import FaultRule
from sandbox.http import JsonText, admin_routes, fail_after, is_delivered_twice
from sandbox.jushuitan.admin import switch_routes
from sandbox.jushuitan.auth import auth_routes
from sandbox.jushuitan.biz import parse
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.crossborder import queries as crossborder_queries
from sandbox.jushuitan.crossborder import uploads as crossborder_uploads
from sandbox.jushuitan.gate import Form, admit
from sandbox.jushuitan.goods import queries as goods_queries
from sandbox.jushuitan.goods import uploads as goods_uploads
from sandbox.jushuitan.purchasing import queries as purchasing_queries
from sandbox.jushuitan.purchasing import uploads as purchasing_uploads
from sandbox.jushuitan.pushes.admin import push_routes
from sandbox.jushuitan.pushes.outbox import Outbox
from sandbox.jushuitan.query_apis import QUERIES
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.uploads import UPLOADS as SELLING_UPLOADS
from sandbox.jushuitan.warehousing import queries as warehousing_queries
from sandbox.jushuitan.warehousing import uploads as warehousing_uploads
from sandbox.jushuitan.wire import EnvelopeText, form_of, refused, suffer

_QUERIES = {
    query.path: query
    for query in (
        *QUERIES,
        *goods_queries.QUERIES,
        *warehousing_queries.QUERIES,
        *purchasing_queries.QUERIES,
        *crossborder_queries.QUERIES,
    )
}
_UPLOADS = {
    **SELLING_UPLOADS,
    **goods_uploads.UPLOADS,
    **warehousing_uploads.UPLOADS,
    **purchasing_uploads.UPLOADS,
    **crossborder_uploads.UPLOADS,
}


def create_app(state: JushuitanState) -> FastAPI:
    """The simulator of one tenant."""

    async def business_call(request: Request) -> Response:
        path = request.url.path
        if path not in _QUERIES and path not in _UPLOADS:
            return JsonText({"detail": "Not Found"}, 404)
        state.calls.note(path)
        fault = state.faults.take(path)
        instead = await suffer(state, fault)
        if instead is not None:
            return instead
        form = await form_of(request)
        caller = request.client.host if request.client is not None else ""
        if is_delivered_twice(fault):
            _reply(state, path, form, caller, fault)
        return fail_after(fault, _reply(state, path, form, caller, fault))

    routes = [
        Route("/open/{api:path}", business_call, methods=["POST"]),
        *auth_routes(state),
        *admin_routes(state.faults, state.calls),
        *switch_routes(state),
        *push_routes(Outbox(state)),
    ]
    return FastAPI(title="Jushuitan simulator", openapi_url=None, routes=list(routes))


def _reply(state: JushuitanState, path: str, form: Form, caller: str, fault: FaultRule | None) -> Response:
    try:
        admit(state, form, path, caller)
        return EnvelopeText(_answer(state, path, form["biz"], fault))
    except Refusal as refusal:
        return refused(refusal)


def _answer(state: JushuitanState, path: str, biz: str, fault: FaultRule | None) -> str:
    tree = parse(biz)
    query = _QUERIES.get(path)
    if query is not None:
        return query.answer(state, tree, fault)
    payload: dict[str, Any] = {"code": int(Code.OK), "msg": "执行成功"} | _UPLOADS[path](state, tree)
    return dumps(payload)
