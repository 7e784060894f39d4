"""One app for all rate publishers: their paths do not collide, so one base URL serves for each of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

from fastapi import FastAPI
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import Response

from domain.documents import Frozen
from sandbox.faults import FaultName, FaultRule
from sandbox.http import JsonText, admin_routes, fail_after, fail_before, html_page
from sandbox.rates import chinamoney, frankfurter, safe
from sandbox.rates.state import RatesState, Site

Endpoint = Callable[[Request], Awaitable[Response]]
Answer = Callable[[Request, Mapping[str, str]], Response]

_ASKING = ["GET", "POST"]


class _Clock(Frozen):
    """Body of PUT /_sandbox/clock; null lets the clock run."""

    now: AwareDatetime | None


class _Down(Frozen):
    """Body of PUT /_sandbox/down: the sites that answer nothing but 503."""

    sites: frozenset[Site]


class _Publication(Frozen):
    """Body of POST /_sandbox/publications."""

    day: date
    values: dict[str, str]


def create_app(state: RatesState) -> FastAPI:
    """The simulators over one state.

    Fault operations and call counters are named ``ccpr.json``, ``CcprHisNew``, ``RMBQuery.do``, ``frankfurter v1``
    and ``frankfurter v2``. Beside the shared admin endpoints: PUT /_sandbox/clock, PUT /_sandbox/down and
    POST /_sandbox/publications.
    """
    app = FastAPI(title="Exchange rate publishers", openapi_url=None)
    _add_admin(app, state)

    def serve(path: str, operation: str, site: Site, methods: list[str], answer: Answer) -> None:
        app.add_route(path, _endpoint(state, operation, site, answer), methods=methods)

    def current(request: Request, params: Mapping[str, str]) -> Response:
        return chinamoney.current(state)

    def history(request: Request, params: Mapping[str, str]) -> Response:
        return chinamoney.history(state, params)

    def query(request: Request, params: Mapping[str, str]) -> Response:
        return safe.query(state, params)

    def v1(request: Request, params: Mapping[str, str]) -> Response:
        return frankfurter.v1(state, request.path_params["path"], params)

    def v2_rate(request: Request, params: Mapping[str, str]) -> Response:
        return frankfurter.v2_rate(state, request.path_params["base"], request.path_params["quote"], params)

    def v2_rates(request: Request, params: Mapping[str, str]) -> Response:
        return frankfurter.v2_rates(state, params)

    def v2_currencies(request: Request, params: Mapping[str, str]) -> Response:
        return frankfurter.v2_currencies(state)

    def v2_providers(request: Request, params: Mapping[str, str]) -> Response:
        return frankfurter.v2_providers(state)

    serve(chinamoney.CURRENT_PATH, "ccpr.json", Site.CHINAMONEY, _ASKING, current)
    serve(chinamoney.HISTORY_PATH, "CcprHisNew", Site.CHINAMONEY, _ASKING, history)
    serve(safe.QUERY_PATH, "RMBQuery.do", Site.SAFE, _ASKING, query)
    serve("/v1/{path}", "frankfurter v1", Site.FRANKFURTER, ["GET"], v1)
    serve("/v2/rate/{base}/{quote}", "frankfurter v2", Site.FRANKFURTER, ["GET"], v2_rate)
    serve("/v2/rates", "frankfurter v2", Site.FRANKFURTER, ["GET"], v2_rates)
    serve("/v2/currencies", "frankfurter v2", Site.FRANKFURTER, ["GET"], v2_currencies)
    serve("/v2/providers", "frankfurter v2", Site.FRANKFURTER, ["GET"], v2_providers)
    return app


def _endpoint(state: RatesState, operation: str, site: Site, answer: Answer) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        state.calls.note(operation)
        if site in state.down:
            return html_page(503, "503 Service Unavailable")
        rule = state.faults.take(operation)
        early = await fail_before(rule) or _fail(state, site, rule)
        if early is not None:
            return early
        return fail_after(rule, answer(request, await _params(request)))

    return endpoint


async def _params(request: Request) -> dict[str, str]:
    """Query and form parameters alike."""
    form = await request.form()
    return dict(request.query_params) | {key: value for key, value in form.items() if isinstance(value, str)}


def _fail(state: RatesState, site: Site, rule: FaultRule | None) -> Response | None:
    """The publishers' own ways to fail."""
    match rule and rule.kind:
        case None | FaultName.SLOW | FaultName.HANG | FaultName.LOSE_REPLY:
            return None
        case FaultName.GATEWAY_TIMEOUT | FaultName.DELIVER_TWICE:
            return None  # of reading nothing is left; the answer may still get lost
        case FaultName.NO_PERMISSION | FaultName.EXPIRE:
            return html_page(403, "安全验证")
        case FaultName.THROTTLE:
            return html_page(429, "429 Too Many Requests")
        case FaultName.VENDOR if rule and site is Site.CHINAMONEY:
            return chinamoney.vendor_error(state, rule.code or "500", rule.message or "系统错误")
    return html_page(500, "500 Internal Server Error")


def _add_admin(app: FastAPI, state: RatesState) -> None:
    app.router.routes.extend(admin_routes(state.faults, state.calls))

    async def clock(request: Request) -> Response:
        state.set_clock(_Clock.model_validate_json(await request.body()).now)
        return JsonText({"now": state.now.isoformat()})

    async def down(request: Request) -> Response:
        state.down = set(_Down.model_validate_json(await request.body()).sites)
        return JsonText({"down": sorted(state.down)})

    async def publish(request: Request) -> Response:
        publication = _Publication.model_validate_json(await request.body())
        state.publish(publication.day, publication.values)
        return JsonText({"days": len(state.publications)})

    app.add_route("/_sandbox/clock", _checked(clock), methods=["PUT"])
    app.add_route("/_sandbox/down", _checked(down), methods=["PUT"])
    app.add_route("/_sandbox/publications", _checked(publish), methods=["POST"])


def _checked(endpoint: Endpoint) -> Endpoint:
    """Answer 422 with the reason where the body is wrong."""

    async def checked(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ValueError as error:
            return JsonText({"message": str(error)}, status_code=422)

    return checked
