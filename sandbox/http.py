"""What all simulators share on the wire: ways to fail, exact JSON, the admin endpoints, and a server for tests."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.jsontext import dumps, loads
from sandbox.faults import FaultName, FaultRule, Faults

_ANNOUNCED = b"65536"
_HTML = "<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"


class JsonText(Response):
    """A JSON answer whose decimals keep their digits."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return dumps(content).encode()


class CutConnection(Response):
    """No answer: announces a body and closes the connection instead of sending it.

    A client sees the connection break while reading (httpx: RemoteProtocolError or ReadError).
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", _ANNOUNCED)]})
        await send({"type": "http.response.body", "body": b"", "more_body": True})


class NeverAnswer(Response):
    """No answer either: holds the connection open until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


def html_page(status: int, title: str) -> Response:
    """A page some proxy in front of the vendor would answer with."""
    return Response(_HTML.format(title=title), status, media_type="text/html")


async def fail_before(rule: FaultRule | None) -> Response | None:
    """The answer of a call that fails before it has any effect; None when it goes ahead (SLOW has waited by then).

    Handles the kinds that are the same for every vendor; the vendor's own (THROTTLE, EXPIRE, …) are the simulator's.
    """
    if rule is None:
        return None
    match rule.kind:
        case FaultName.CUT_BEFORE:
            return CutConnection()
        case FaultName.SERVER_ERROR:
            return html_page(502, "502 Bad Gateway")
        case FaultName.HTML_PAGE:
            return html_page(200, "Service is being upgraded")
        case FaultName.SLOW:
            await asyncio.sleep(float(rule.seconds))
    return None


def fail_after(rule: FaultRule | None, reply: Response) -> Response:
    """What the client gets of `reply`, the answer of a call that took effect."""
    match rule.kind if rule is not None else None:
        case FaultName.LOSE_REPLY:
            return CutConnection()
        case FaultName.HANG:
            return NeverAnswer()
        case FaultName.GATEWAY_TIMEOUT:
            return html_page(504, "504 Gateway Time-out")
    return reply


def is_delivered_twice(rule: FaultRule | None) -> bool:
    """Whether the vendor gets the request of this call a second time."""
    return rule is not None and rule.kind is FaultName.DELIVER_TWICE


class CallCounter:
    """How often each operation of a simulator was called."""

    def __init__(self) -> None:
        self.by_operation: Counter[str] = Counter()

    def note(self, operation: str) -> None:
        self.by_operation[operation] += 1

    @property
    def total(self) -> int:
        return self.by_operation.total()


Handler = Callable[[Request], Awaitable[Response]]


def admin_routes(faults: Faults, calls: CallCounter) -> list[Route]:
    """The endpoints every simulator has: POST and DELETE /_sandbox/faults, GET /_sandbox/stats."""

    async def add_faults(request: Request) -> Response:
        body = loads(await request.body())
        rules = [FaultRule.model_validate(rule) for rule in (body if isinstance(body, list) else [body])]
        faults.add_all(rules)
        return JsonText({"armed": len(faults.armed)})

    async def clear_faults(request: Request) -> Response:
        faults.clear()
        return JsonText({"armed": 0})

    async def stats(request: Request) -> Response:
        return JsonText(
            {"calls": calls.total, "by_operation": dict(calls.by_operation), "faults": dict(faults.injected)}
        )

    return [
        Route("/_sandbox/faults", add_faults, methods=["POST"]),
        Route("/_sandbox/faults", clear_faults, methods=["DELETE"]),
        Route("/_sandbox/stats", stats, methods=["GET"]),
    ]


class _Server(uvicorn.Server):
    """Uvicorn that tells when it listens, or that it never will."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.settled.set()

    def run_quietly(self, listener: socket.socket) -> None:
        """Serve until told to stop. An app that does not start shows in `started`; the exit asked for is not ours."""
        with suppress(SystemExit):
            self.run(sockets=[listener])


@contextmanager
def serve(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """Serve an app from a thread of this process; yields its base URL without a trailing slash.

    Port 0 takes a free one. Raises RuntimeError when the app does not start.
    """
    # The protocol is named because asyncio switches Nagle's delay off only for sockets that say they are TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(app, ws="none", log_config=None, log_level="critical", timeout_graceful_shutdown=1)
    server = _Server(config)
    thread = threading.Thread(target=server.run_quietly, args=(listener,), name="sandbox", daemon=True)
    thread.start()
    try:
        server.settled.wait()
        if not server.started:
            raise RuntimeError("the simulator did not start")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
