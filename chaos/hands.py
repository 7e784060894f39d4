"""Carries a script out: each act at its time, whatever state things are in."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from chaos import people
from chaos.acts import (
    Act,
    Appear,
    ChangeAtSource,
    ClosePeriod,
    Cue,
    CutStore,
    FillMapping,
    GoodsArrive,
    KillServer,
    KillWorker,
    LockBill,
    ResumeSome,
    System,
    TakeStock,
    Weather,
)
from chaos.house import House, ask
from domain.journal import MappingRow
from sandbox.world.busy_day import DAYS
from sandbox.world.sample_goods import ORDINARY_GOODS, WAREHOUSES

FORMS = {"SO": "SAL_OUTSTOCK", "RT": "SAL_RETURNSTOCK"}
"""The form of a document's bill, by what its platform number begins with."""
_CLOSED_UNTIL = max(DAYS).isoformat()
_ALL_OF_IT = 100_000
_RESUMED_AT_ONCE = 10
_GIVES_UP = 120


class Hands:
    """Does things to a house.

    Attributes:
        done: acts that took effect, by name; calls that failed are counted by the simulators.
        shown: documents that have appeared.
    """

    def __init__(self, house: House) -> None:
        self.done: Counter[str] = Counter()
        self.shown = 0
        self._house = house
        self._galaxy = house.sandboxes[System.GALAXY]
        self._acts: dict[type[Any], Callable[[Any], Awaitable[None]]] = {
            Appear: self._appear,
            GoodsArrive: self._goods_arrive,
            Weather: self._weather,
            ChangeAtSource: self._change,
            LockBill: self._lock,
            ClosePeriod: self._close_period,
            TakeStock: self._take_stock,
            KillWorker: self._kill_worker,
            KillServer: self._kill_server,
            CutStore: self._cut_store,
            FillMapping: self._fill_mapping,
            ResumeSome: self._resume_some,
        }

    async def play(self, cues: Sequence[Cue]) -> None:
        """The whole script; ends when the last act has ended. An act that takes long holds up nobody."""
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for cue in cues:
                await asyncio.sleep(max(0.0, cue.at - (time.monotonic() - started)))
                group.create_task(self._do(cue.act))

    async def calm(self) -> None:
        """Every fault has ended, every document has appeared, and everything is up."""
        house = self._house
        for sandbox in house.sandboxes.values():
            (await sandbox.delete("/_sandbox/faults")).raise_for_status()
        await self._appear(Appear(len(house.numbers)))
        for part in (house.server, *house.workers):
            await part.is_up()

    async def _do(self, act: Act) -> None:
        await self._acts[type(act)](act)

    # ── at the source ───────────────────────────────────────────────────────────────────────────────────────────

    async def _appear(self, act: Appear) -> None:
        answer = await ask(self._house.world, "/release", {"documents": act.documents})
        self.shown = len(self._house.numbers) - answer["queued"]

    async def _goods_arrive(self, act: GoodsArrive) -> None:
        events = await ask(self._house.world, "/later", {"kinds": ["receive"]})
        self.done["goods_arrive"] += len(events)

    async def _change(self, act: ChangeAtSource) -> None:
        number = self._drawn(act.draw)
        if number is None:
            return
        await self._change_one(number, act.kind)
        if act.then is not None:
            await asyncio.sleep(act.then_after)
            await self._change_one(number, act.then)

    async def _change_one(self, number: str, kind: str) -> None:
        answer = await ask(self._house.world, "/change", {"platform_number": number, "kind": kind})
        self.done[f"source_{kind}"] += answer["changed"]

    def _drawn(self, draw: float) -> str | None:
        """A document that has appeared."""
        return self._house.numbers[int(draw * (self.shown - 1))] if self.shown else None

    # ── at the vendors ──────────────────────────────────────────────────────────────────────────────────────────

    async def _weather(self, act: Weather) -> None:
        sandbox = self._house.sandboxes[act.system]
        (await sandbox.delete("/_sandbox/faults")).raise_for_status()
        answer = await sandbox.post("/_sandbox/faults", json=[rule.model_dump(mode="json") for rule in act.rules])
        answer.raise_for_status()

    async def _lock(self, act: LockBill) -> None:
        number = self._drawn(act.draw)
        if number is None:
            return
        ids = (await self._house.world.get(f"/source/{number}")).json()
        bill = {"form": FORMS[number[:2]], "number": str(ids.get("io_id") or ids.get("as_id"))}
        await ask(self._galaxy, "/_sandbox/lock", bill | {"times": None})
        self.done["bill_locked"] += 1
        await asyncio.sleep(act.seconds)
        await ask(self._galaxy, "/_sandbox/lock", bill | {"times": 0})

    async def _close_period(self, act: ClosePeriod) -> None:
        await ask(self._galaxy, "/_sandbox/period", {"closed_until": _CLOSED_UNTIL})
        self.done["period_closed"] += 1
        await asyncio.sleep(act.seconds)
        await ask(self._galaxy, "/_sandbox/period", {"closed_until": None})

    async def _take_stock(self, act: TakeStock) -> None:
        goods = ORDINARY_GOODS[int(act.draw * len(ORDINARY_GOODS))]
        warehouse = WAREHOUSES[int(act.draw * 997) % len(WAREHOUSES)]
        move = {"wms_co_id": warehouse.wms_co_id, "sku_id": goods.sku_id, "quantity": -_ALL_OF_IT}
        await ask(self._house.world, "/stock", move)
        self.done["stock_taken"] += 1
        await asyncio.sleep(act.seconds)
        await ask(self._house.world, "/stock", move | {"quantity": _ALL_OF_IT})

    # ── at home ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _kill_worker(self, act: KillWorker) -> None:
        self._house.workers[act.worker].kill()

    async def _kill_server(self, act: KillServer) -> None:
        self._house.server.kill()

    async def _cut_store(self, act: CutStore) -> None:
        await self._house.cuts.cut(act.seconds)
        self.done["store_cut"] += 1

    async def _fill_mapping(self, act: FillMapping) -> None:
        withheld = (await self._house.world.get("/mappings/withheld")).json()
        if not withheld:
            return
        row = withheld[int(act.draw * len(withheld))]
        added = await ask(self._house.world, "/mappings/fill", {"collection": row["collection"], "key": row["key"]})
        for _ in range(_GIVES_UP):
            # Who finds the server or the store down gives the command again.
            with suppress(RPCError, SQLAlchemyError, OSError):
                await people.add_mapping(self._house.shop, MappingRow.model_validate(added))
                self.done["mapping_filled"] += 1
                return
            await asyncio.sleep(1)

    async def _resume_some(self, act: ResumeSome) -> None:
        """Whoever is refused, or finds the server down, leaves it at that."""
        with suppress(RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, SQLAlchemyError, OSError):
            held = await people.held_in_passing(self._house.shop)
            first = int(act.draw * len(held))
            for record in held[first : first + _RESUMED_AT_ONCE]:
                self.done["resumed"] += await people.resume(self._house.shop, record, "once more", refetch=act.refetch)
