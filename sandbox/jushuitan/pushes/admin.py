"""Switches of the outbox under /_sandbox/push: subscribe, look, deliver."""

from __future__ import annotations

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.jsontext import loads
from sandbox.http import JsonText
from sandbox.jushuitan.biz import Fields
from sandbox.jushuitan.codes import Refusal
from sandbox.jushuitan.pushes.messages import Letter, PushForm, PushKind, Subscriber
from sandbox.jushuitan.pushes.outbox import Outbox

_SECONDS = 10


def push_routes(outbox: Outbox) -> list[Route]:
    """POST subscribe and deliver."""

    async def subscribe(request: Request) -> Response:
        try:
            fields = Fields(loads(await request.body()), "body")
            kinds = frozenset(PushKind(str(kind)) for kind in fields.array("kinds")) or frozenset(PushKind)
            subscriber = Subscriber(url=fields.text("url"), form=fields.choice("form", PushForm.OLDER), kinds=kinds)
        except (Refusal, ValueError) as error:
            return JsonText({"detail": str(error)}, 422)
        outbox.subscribers.append(subscriber)
        return JsonText({"subscribers": len(outbox.subscribers)})

    async def deliver(request: Request) -> Response:
        body = await request.body()
        try:
            fields = Fields(loads(body) if body else {}, "body")
            shuffle = fields.integer("shuffle") if fields.given("shuffle") else None
            twice = fields.flag("twice")
        except (Refusal, ValueError) as error:
            return JsonText({"detail": str(error)}, 422)
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as http:
            done = await outbox.deliver(lambda one: _post(http, one), shuffle=shuffle, twice=twice)
        return JsonText(
            {"taken": done.taken, "failed": done.failed, "dropped": done.dropped, "waiting": len(outbox.waiting)}
        )

    return [
        Route("/_sandbox/push/subscribe", subscribe, methods=["POST"]),
        Route("/_sandbox/push/deliver", deliver, methods=["POST"]),
    ]


async def _post(http: httpx.AsyncClient, letter: Letter) -> bool:
    """Send a letter. Taken is JSON with `code` 0, as a number or a text."""
    try:
        reply = await http.post(letter.url, content=letter.body, headers={"Content-Type": letter.content_type})
        answer = loads(reply.content)
    except (httpx.HTTPError, ValueError):
        return False
    return reply.status_code == 200 and isinstance(answer, dict) and str(answer.get("code")) == "0"
