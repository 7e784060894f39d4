"""The simulator's own endpoints under /_sandbox/: seeding, looking, and the switches of this vendor."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.jsontext import loads
from sandbox.flagship.apis import ImportType
from sandbox.flagship.by_hand import ByHand
from sandbox.flagship.config import Switches
from sandbox.flagship.replies import RowRefusal
from sandbox.flagship.showing import Showing
from sandbox.flagship.state import FlagshipState
from sandbox.http import Handler, JsonText


class _Acts:
    """What can be posted; each takes the body and answers with what there is now."""

    def __init__(self, state: FlagshipState) -> None:
        self._state = state

    def seed(self, body: dict[str, Any]) -> Any:
        self._state.seed(body)
        return {"seeded": sorted(body)}

    def expire(self, body: dict[str, Any]) -> Any:
        return {"expired": self._state.tokens.expire_all()}

    def revoke(self, body: dict[str, Any]) -> Any:
        """The application is disabled; `revoked` false enables it again."""
        self._state.tokens.revoked = body.get("revoked", True) is True
        return {"revoked": self._state.tokens.revoked}

    def period(self, body: dict[str, Any]) -> Any:
        self._state.switches.closed_until = body["closed_until"]
        return {"closed_until": body["closed_until"]}

    def lock(self, body: dict[str, Any]) -> Any:
        """`times` 0 releases the lock, null holds it until released."""
        times = body.get("times", 1)
        if times == 0:
            self._state.guards.unlock(body["entity"], body["number"])
        else:
            self._state.guards.lock(body["entity"], body["number"], times)
        return {}

    def switches(self, body: dict[str, Any]) -> Any:
        """Set switches by name. Raises KeyError: no such switch."""
        defaults = Switches()
        for name, value in body.items():
            if not hasattr(defaults, name):
                raise KeyError(name)
            default = getattr(defaults, name)
            setattr(self._state.switches, name, type(default)(value) if isinstance(default, StrEnum) else value)
        return {name: getattr(self._state.switches, name) for name in body}

    def api(self, body: dict[str, Any]) -> Any:
        """Set up an API that is there anew: `path`, and what changes. Raises KeyError: there is none."""
        change = dict(body)
        path, method = change.pop("path"), change.pop("method", "POST")
        if "import_type" in change:
            change["import_type"] = ImportType(change["import_type"])
        for name in ("columns", "accepts"):
            if change.get(name) is not None:
                change[name] = tuple(change[name])
        self._state.set_up(path, method, **change)
        return {"path": path}

    def by_hand(self, body: dict[str, Any]) -> Any:
        """`do` one of unaudit, delete, edit, copy, with what `ByHand` takes for it."""
        acts = {name: getattr(ByHand(self._state), name) for name in ("unaudit", "delete", "edit", "copy")}
        asked = dict(body)
        acts[asked.pop("do")](**asked)
        return {"done": body["do"]}


def flagship_admin_routes(state: FlagshipState) -> list[Route]:
    """POST seed, expire-tokens, revoke, period, lock, switches, api, by-hand; GET bills?entity=…"""
    acts = _Acts(state)
    posted = {
        "seed": acts.seed,
        "expire-tokens": acts.expire,
        "revoke": acts.revoke,
        "period": acts.period,
        "lock": acts.lock,
        "switches": acts.switches,
        "api": acts.api,
        "by-hand": acts.by_hand,
    }

    async def bills(request: Request) -> Response:
        entity = request.query_params.get("entity", "")
        if entity not in state.records.entities:
            return JsonText({"error": f"no entity {entity}"}, 404)
        showing = Showing(state.records)
        return JsonText([showing.row(bill, None, zones=False) for bill in state.bills(entity)])

    routes = [Route(f"/_sandbox/{name}", _endpoint(act), methods=["POST"]) for name, act in posted.items()]
    return [*routes, Route("/_sandbox/bills", bills, methods=["GET"])]


def _endpoint(act: Callable[[dict[str, Any]], Any]) -> Handler:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            return JsonText(act(loads(body) if body else {}))
        except (KeyError, TypeError, ValueError, RowRefusal) as error:
            return JsonText({"error": repr(error)}, 400)

    return endpoint
