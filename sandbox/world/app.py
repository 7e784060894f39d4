"""The world's own endpoints: feed documents, let them appear, fetch the mappings, audit the books."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.documents import Frozen
from domain.journal import MappingRow
from domain.jsontext import loads
from sandbox.http import JsonText
from sandbox.world.feed import FeedError, LaterKind
from sandbox.world.world import World


class RetailFeed(Frozen):
    files: tuple[Path, ...] = Field(min_length=1)
    documents: int | None = Field(default=None, ge=1)
    release: bool = False


class SampleFeed(Frozen):
    seed: int = 0
    documents: int | None = Field(default=None, ge=1)
    release: bool = False


class Release(Frozen):
    """`documents` None releases all that is queued."""

    documents: int | None = Field(default=None, ge=0)


class LaterEvents(Frozen):
    """`kinds` None lets everything happen."""

    kinds: frozenset[LaterKind] | None = None


class Excused(Frozen):
    """Platform numbers of documents that are known to have no bill."""

    excused: frozenset[str] = frozenset()


Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(world: World) -> FastAPI:
    """POST /feed/retail, /feed/sample, /release, /later, /audit; GET /mappings, /mappings/withheld, /source/<number>,
    /stats.
    """

    async def feed_retail(request: Request) -> Response:
        wish = RetailFeed.model_validate(await _body(request))
        return _fed(world, world.feed_retail(wish.files, wish.documents), release=wish.release)

    async def feed_sample(request: Request) -> Response:
        wish = SampleFeed.model_validate(await _body(request))
        return _fed(world, world.feed_sample(wish.seed, wish.documents), release=wish.release)

    async def release(request: Request) -> Response:
        released = world.release(Release.model_validate(await _body(request)).documents)
        return JsonText({"documents": len(released), "platform_numbers": released, "queued": world.queued})

    async def later(request: Request) -> Response:
        events = world.play_later(LaterEvents.model_validate(await _body(request)).kinds)
        return JsonText([{"kind": event.kind.value, "platform_number": event.platform_number} for event in events])

    async def audit(request: Request) -> Response:
        findings = world.audit(Excused.model_validate(await _body(request)).excused)
        result: dict[str, Any] = findings.as_dict()
        return JsonText(result | {"totals": world.books().totals(), "stock_off": world.stock_off()})

    async def mappings(request: Request) -> Response:
        return _rows(world.mappings())

    async def withheld(request: Request) -> Response:
        return _rows(world.withheld_mappings())

    async def source(request: Request) -> Response:
        try:
            return JsonText(world.source_ids(request.path_params["number"]))
        except KeyError:
            return JsonText({"detail": "no such document in the source"}, 404)

    async def stats(request: Request) -> Response:
        return JsonText(_stats(world))

    posts = {
        "/feed/retail": feed_retail,
        "/feed/sample": feed_sample,
        "/release": release,
        "/later": later,
        "/audit": audit,
    }
    gets = {
        "/mappings": mappings,
        "/mappings/withheld": withheld,
        "/source/{number:path}": source,
        "/stats": stats,
    }
    routes = [Route(path, _explained(endpoint), methods=["POST"]) for path, endpoint in posts.items()]
    routes += [Route(path, endpoint, methods=["GET"]) for path, endpoint in gets.items()]
    return FastAPI(title="Sandbox world", openapi_url=None, routes=list(routes))


def _explained(endpoint: Endpoint) -> Endpoint:
    """Bad input is answered with 422 and a sentence."""

    async def explained(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "body"
            return JsonText({"detail": f"{place}: {first['msg']}"}, 422)
        except FeedError as error:
            return JsonText({"detail": str(error)}, 422)
        except ValueError:
            return JsonText({"detail": "body: expected JSON"}, 422)

    return explained


async def _body(request: Request) -> Any:
    body = await request.body()
    return loads(body) if body else {}


def _fed(world: World, numbers: list[str], *, release: bool) -> Response:
    if release:
        world.release()
    return JsonText({"documents": len(numbers), "platform_numbers": numbers})


def _rows(rows: list[MappingRow]) -> Response:
    return JsonText([row.model_dump() for row in rows])


def _stats(world: World) -> dict[str, Any]:
    source = world.jushuitan
    return {
        "fed": world.fed,
        "queued": world.queued,
        "later": len(world.later),
        "jushuitan": {
            "outbounds": len(source.outbounds),
            "refunds": len(source.refunds),
            "received": len(source.received),
            "calls": source.calls.total,
        },
        "galaxy": {"calls": world.galaxy.calls.total},
        "rates": {"calls": world.rates.calls.total},
    }
