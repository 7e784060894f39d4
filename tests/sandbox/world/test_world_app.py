"""The world over HTTP: feeding, releasing, mappings, later events, audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.journal import MappingRow
from domain.jsontext import dumps, loads
from sandbox.world.app import create_app
from sandbox.world.world import World
from tests.sandbox.world.clerk import Clerk


class Caller:
    def __init__(self, http: httpx.AsyncClient, world: World) -> None:
        self.http, self.world = http, world

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        reply = await self.http.post(path, content=dumps(body))
        assert reply.status_code == status, reply.text
        return loads(reply.content)

    async def get(self, path: str) -> Any:
        return loads((await self.http.get(path)).content)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    world = World()
    transport = httpx.ASGITransport(create_app(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://world") as http:
        yield Caller(http, world)


async def test_the_day_flows_in_as_it_is_released(caller: Caller) -> None:
    fed = await caller.post("/feed/sample", seed=3)
    assert fed["documents"] == len(fed["platform_numbers"]) == 43
    assert (await caller.get("/stats"))["jushuitan"]["outbounds"] == 0
    first = await caller.post("/release", documents=2)
    assert first == {"documents": 2, "platform_numbers": fed["platform_numbers"][:2], "queued": 41}
    rest = await caller.post("/release")
    assert rest["platform_numbers"] == fed["platform_numbers"][2:]
    stats = await caller.get("/stats")
    assert (stats["fed"], stats["queued"], stats["later"]) == (43, 0, 3)
    assert stats["jushuitan"] == {"outbounds": 34, "refunds": 9, "received": 7, "calls": 0}


async def test_feeding_with_release(caller: Caller, csv_file: Callable[..., Path]) -> None:
    file = csv_file("1001,22222,MUG,4,2010-12-01 09:00:00,2.55,17.0,France")
    fed = await caller.post("/feed/retail", files=[str(file)], documents=5, release=True)
    assert fed == {"documents": 1, "platform_numbers": ["1001"]}
    ids = await caller.get("/source/1001")
    assert caller.world.jushuitan.outbound(ids["io_id"]).o_id == ids["o_id"]
    assert (await caller.http.get("/source/9999")).status_code == 404


async def test_mappings_are_the_products_rows(caller: Caller) -> None:
    await caller.post("/feed/sample")
    rows = {(row.collection, row.key): row for row in map(MappingRow.model_validate, await caller.get("/mappings"))}
    shop = rows["shop", "Lanternfield DE"].values
    assert shop == {"customer": f"C{shop['shop_id']}", "organisation": "100", "tax_rate": "0", "shop_id": "102"}
    tea = {"material": "LF-2001", "unit": "Pcs", "batch_managed": "true", "service": "false"}
    assert rows["sku", "LF-2001"].values == tea
    assert rows["sku", "POSTAGE"].values["service"] == "true"
    assert rows["warehouse", "2001/1"].values == {"stock": "CK2001"}
    assert rows["warehouse", "2001/2"].values == {"stock": "CK2001T"}
    assert rows["currency", "GBP"].values == {"currency": "PRE006"}
    withheld = {(row["collection"], row["key"]) for row in await caller.get("/mappings/withheld")}
    assert withheld == {("sku", "LF-7001"), ("shop", "Lanternfield CA")}
    assert not withheld & rows.keys()


async def test_audit_and_later(caller: Caller) -> None:
    await caller.post("/feed/sample", release=True)
    held = ["SO20260901-0026", "SO20260901-0027", "RT20260901-0007", "RT20260901-0008", "RT20260901-0009"]
    assert await Clerk(caller.world).post(held) == []
    clean = await caller.post("/audit", excused=held)
    names = ("missing", "duplicated", "quantity_off", "amount_off", "unaudited", "stock_off")
    assert {name: clean[name] for name in names} == {name: [] for name in names}
    assert clean["totals"]["sales"]["documents"] == 32
    assert isinstance(clean["totals"]["sales"]["functional_amount"], str)
    events = await caller.post("/later", kinds=["cancel", "restock"])
    assert [event["kind"] for event in events] == ["restock", "cancel"]
    assert (await caller.post("/audit", excused=held))["duplicated"] == ["SO20260901-0032"]
    assert [event["kind"] for event in await caller.post("/later")] == ["receive"]
    assert await caller.post("/later") == []
    assert caller.world.stock_off() == []


async def test_later_waits_for_its_document(caller: Caller) -> None:
    await caller.post("/feed/sample")
    assert await caller.post("/later") == []
    await caller.post("/release")
    assert len(await caller.post("/later")) == 3


async def test_a_busy_day_and_its_judgement(caller: Caller) -> None:
    fed = await caller.post("/feed/busy", documents=30, seed=5)
    assert fed["documents"] == 30
    await caller.post("/release")
    waits = dict.fromkeys(fed["platform_numbers"][:2], "stock_short")
    found = await caller.post("/judge", held=waits)
    assert sorted(found) == ["amount_off", "duplicated", "half_done", "lost", "stock_off"]
    assert len(found["lost"]) == 30
    assert found["lost"][0].startswith(f"{fed['platform_numbers'][0]}: held for stock_short, but ")


async def test_somebody_fills_a_mapping_and_moves_goods(caller: Caller) -> None:
    await caller.post("/feed/sample")
    row = await caller.post("/mappings/fill", collection="sku", key="LF-7001")
    assert row["values"]["material"] == "LF-7001"
    assert row in await caller.get("/mappings")
    assert "left out" in (await caller.post("/mappings/fill", 404, collection="sku", key="LF-7001"))["detail"]
    await caller.post("/stock", wms_co_id=2001, sku_id="LF-1004", quantity="-2")
    assert caller.world.stock_off() == []
    await caller.post("/stock", 404, wms_co_id=2001, sku_id="NOTHING", quantity="-2")


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("/feed/retail", {"files": []}, "files"),
        ("/feed/retail", {"files": ["/nowhere/none.csv"]}, "cannot be read"),
        ("/feed/retail", {"files": ["a"], "documents": 0}, "documents"),
        ("/feed/sample", {"sead": 1}, "sead"),
        ("/release", {"documents": -1}, "documents"),
        ("/feed/busy", {}, "documents"),
        ("/judge", {"held": {"SO1": "bad luck"}}, "held.SO1"),
        ("/later", {"kinds": ["nonsense"]}, "kinds"),
    ],
)
async def test_bad_wishes_are_explained(caller: Caller, path: str, body: dict[str, Any], word: str) -> None:
    assert word in (await caller.post(path, 422, **body))["detail"]


async def test_a_body_that_is_no_json(caller: Caller) -> None:
    assert (await caller.http.post("/feed/sample", content=b"{")).status_code == 422


async def test_the_same_day_twice_is_refused(caller: Caller) -> None:
    await caller.post("/feed/sample")
    assert "was fed before" in (await caller.post("/feed/sample", 422))["detail"]
    assert (await caller.get("/stats"))["queued"] == 43
