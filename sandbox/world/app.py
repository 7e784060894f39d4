"""The world's own endpoints: feed documents, let them appear, fetch the mappings, audit the books."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
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
from sandbox.world.changes import Change
from sandbox.world.feed import FeedError, LaterKind, Opening
from sandbox.world.judgement import Claims
from sandbox.world.world import World


class RetailFeed(Frozen):
    files: tuple[Path, ...] = Field(min_length=1)
    documents: int | None = Field(default=None, ge=1)
    release: bool = False


class SampleFeed(Frozen):
    seed: int = 0
    documents: int | None = Field(default=None, ge=1)
    release: bool = False


class BusyFeed(Frozen):
    documents: int = Field(ge=1)
    seed: int = 0


class Row(Frozen):
    """Names a mapping row."""

    collection: str
    key: str


class Wanted(Frozen):
    """A change of a document at the source."""

    platform_number: str
    kind: Change


class Movement(Frozen):
    """Goods that somebody else moves into the ERP's warehouse, or out of it."""

    wms_co_id: int
    sku_id: str
    quantity: Decimal
    lot: str | None = None


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
    """POST /feed/retail, /feed/sample, /feed/busy, /release, /later, /change, /mappings/fill, /stock, /audit, /judge;
    GET /mappings, /mappings/withheld, /source/<number>, /stats.
    """
    desk = _Desk(world)
    posts = {
        "/feed/retail": desk.feed_retail,
        "/feed/sample": desk.feed_sample,
        "/feed/busy": desk.feed_busy,
        "/release": desk.release,
        "/later": desk.later,
        "/change": desk.change,
        "/mappings/fill": desk.fill_mapping,
        "/stock": desk.move_stock,
        "/audit": desk.audit,
        "/judge": desk.judge,
    }
    gets = {
        "/mappings": desk.mappings,
        "/mappings/withheld": desk.withheld,
        "/source/{number:path}": desk.source,
        "/stats": desk.stats,
    }
    routes = [Route(path, _explained(endpoint), methods=["POST"]) for path, endpoint in posts.items()]
    routes += [Route(path, _explained(endpoint), methods=["GET"]) for path, endpoint in gets.items()]
    return FastAPI(title="Sandbox world", openapi_url=None, routes=list(routes))


class _Desk:
    """Answers for the world. Raises ValidationError, FeedError, ValueError or KeyError for what cannot be done."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def feed_retail(self, request: Request) -> Response:
        wish = RetailFeed.model_validate(await _body(request))
        return self._fed(self._world.feed_retail(wish.files, wish.documents), release=wish.release)

    async def feed_sample(self, request: Request) -> Response:
        wish = SampleFeed.model_validate(await _body(request))
        return self._fed(self._world.feed_sample(wish.seed, wish.documents), release=wish.release)

    async def feed_busy(self, request: Request) -> Response:
        wish = BusyFeed.model_validate(await _body(request))
        return self._fed(self._world.feed_busy(wish.seed, wish.documents), release=False)

    async def release(self, request: Request) -> Response:
        released = self._world.release(Release.model_validate(await _body(request)).documents)
        queued = self._world.queued
        return JsonText({"documents": len(released), "platform_numbers": released, "queued": queued})

    async def later(self, request: Request) -> Response:
        events = self._world.play_later(LaterEvents.model_validate(await _body(request)).kinds)
        return JsonText([{"kind": event.kind.value, "platform_number": event.platform_number} for event in events])

    async def change(self, request: Request) -> Response:
        wanted = Wanted.model_validate(await _body(request))
        return JsonText({"changed": self._world.change(wanted.platform_number, wanted.kind)})

    async def fill_mapping(self, request: Request) -> Response:
        row = Row.model_validate(await _body(request))
        return JsonText(self._world.fill_mapping(row.collection, row.key).model_dump())

    async def move_stock(self, request: Request) -> Response:
        move = Movement.model_validate(await _body(request))
        self._world.move_stock(Opening(move.wms_co_id, move.sku_id, move.quantity, move.lot))
        return JsonText(move.model_dump())

    async def audit(self, request: Request) -> Response:
        findings = self._world.audit(Excused.model_validate(await _body(request)).excused)
        result: dict[str, Any] = findings.as_dict()
        more = {"totals": self._world.books().totals(), "stock_off": self._world.stock_off()}
        return JsonText(result | more)

    async def judge(self, request: Request) -> Response:
        return JsonText(self._world.judge(Claims.model_validate(await _body(request))).as_dict())

    async def mappings(self, request: Request) -> Response:
        return _rows(self._world.mappings())

    async def withheld(self, request: Request) -> Response:
        return _rows(self._world.withheld_mappings())

    async def source(self, request: Request) -> Response:
        return JsonText(self._world.source_ids(request.path_params["number"]))

    async def stats(self, request: Request) -> Response:
        return JsonText(_stats(self._world))

    def _fed(self, numbers: list[str], *, release: bool) -> Response:
        if release:
            self._world.release()
        return JsonText({"documents": len(numbers), "platform_numbers": numbers})


def _explained(endpoint: Endpoint) -> Endpoint:
    """Bad input is answered with 422 and a sentence, a document or row that is not there with 404."""

    async def explained(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "body"
            return JsonText({"detail": f"{place}: {first['msg']}"}, 422)
        except FeedError as error:
            return JsonText({"detail": str(error)}, 422)
        except KeyError as error:
            return JsonText({"detail": f"there is no {error.args[0]}"}, 404)
        except ValueError:
            return JsonText({"detail": "body: expected JSON"}, 422)

    return explained


async def _body(request: Request) -> Any:
    body = await request.body()
    return loads(body) if body else {}


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
        "flagship": {"calls": world.flagship.calls.total},
        "rates": {"calls": world.rates.calls.total},
    }
