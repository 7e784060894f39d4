"""The simulator's own endpoints under /_sandbox/: seeding, looking, and the switches of this vendor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.jsontext import loads
from sandbox.galaxy.by_hand import ByHand
from sandbox.galaxy.replies import MsgCode, Refusal
from sandbox.galaxy.state import GalaxyState
from sandbox.galaxy.switches import EditLock
from sandbox.http import Handler, JsonText

_SETTABLE = ("receivable_on_audit", "push_race", "poll_count", "calls_per_second")
_DELAYS = ("call_ms", "bill_ms", "parallel")


class _Acts:
    """What can be posted; each takes the body and answers with what there is now."""

    def __init__(self, state: GalaxyState) -> None:
        self._state = state

    def seed(self, body: dict[str, Any]) -> Any:
        self._state.seed(body)
        return {"seeded": sorted(body)}

    def expire(self, body: dict[str, Any]) -> Any:
        return {"expired": self._state.sessions.expire_all()}

    def revoke(self, body: dict[str, Any]) -> Any:
        """The application is not authorised any more; `revoked` false authorises it again."""
        self._state.sessions.revoked = body.get("revoked", True) is True
        return {"revoked": self._state.sessions.revoked}

    def period(self, body: dict[str, Any]) -> Any:
        self._state.switches.closed_until = body["closed_until"]
        return {"closed_until": body["closed_until"]}

    def lock(self, body: dict[str, Any]) -> Any:
        """`times` 0 releases the lock, null holds it until released."""
        switches, times = self._state.switches, body.get("times", 1)
        if times == 0:
            switches.unlock(body["form"], body["number"])
        else:
            code = int(body.get("msg_code", MsgCode.EDIT_LOCK))
            switches.lock(body["form"], body["number"], EditLock(times, code))
        return {"locks": len(switches.locks)}

    def delay(self, body: dict[str, Any]) -> Any:
        return self._set(body, _DELAYS)

    def switches(self, body: dict[str, Any]) -> Any:
        return self._set(body, _SETTABLE)

    def by_hand(self, body: dict[str, Any]) -> Any:
        """`do` one of unaudit, delete, edit, copy, with what `ByHand` takes for it."""
        acts = {name: getattr(ByHand(self._state), name) for name in ("unaudit", "delete", "edit", "copy")}
        asked = dict(body)
        acts[asked.pop("do")](**asked)
        return {"done": body["do"]}

    def _set(self, body: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        """Raises KeyError: no such switch."""
        for name, value in body.items():
            if name not in names:
                raise KeyError(name)
            setattr(self._state.switches, name, value)
        return {name: getattr(self._state.switches, name) for name in names}


def galaxy_admin_routes(state: GalaxyState) -> list[Route]:
    """POST seed, expire-sessions, revoke, period, lock, delay, switches, by-hand; GET bills?form=…"""
    acts = _Acts(state)
    posted = {
        "seed": acts.seed,
        "expire-sessions": acts.expire,
        "revoke": acts.revoke,
        "period": acts.period,
        "lock": acts.lock,
        "delay": acts.delay,
        "switches": acts.switches,
        "by-hand": acts.by_hand,
    }

    async def bills(request: Request) -> Response:
        try:
            return JsonText(state.bills(request.query_params.get("form", "")))
        except Refusal as refusal:
            return JsonText({"error": str(refusal)}, 404)

    routes = [Route(f"/_sandbox/{name}", _endpoint(act), methods=["POST"]) for name, act in posted.items()]
    return [*routes, Route("/_sandbox/bills", bills, methods=["GET"])]


def _endpoint(act: Callable[[dict[str, Any]], Any]) -> Handler:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            return JsonText(act(loads(body) if body else {}))
        except (KeyError, TypeError, ValueError, Refusal) as error:
            return JsonText({"error": repr(error)}, 400)

    return endpoint
