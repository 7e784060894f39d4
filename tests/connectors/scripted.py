"""A vendor that says exactly what a test tells it to, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from domain import jsontext


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return jsontext.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """An answer; `cut` closes the connection after so many bytes of the body (0: before the status line)."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None

    @classmethod
    def of(cls, tree: Any, **headers: str) -> Reply:
        return cls(jsontext.dumps(tree).encode(), headers=headers)


Handler = Callable[[Received], Awaitable[Reply]]


class ScriptedVendor:
    """Answers by `handle` when set, else with `replies` in their order; the last one stays."""

    def __init__(self) -> None:
        self.url = ""
        self.received: list[Received] = []
        self.replies: list[Reply] = []
        self.handle: Handler | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                self.received.append(request)
                reply = await self.handle(request) if self.handle else self._next()
                if reply.cut == 0:
                    return
                writer.write(_head(reply) + reply.body[: reply.cut])
                await writer.drain()
                if reply.cut is not None:
                    return
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def _head(reply: Reply) -> bytes:
    headers = {"Content-Type": "application/json", **reply.headers, "Content-Length": str(len(reply.body))}
    lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _read_request(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body)
