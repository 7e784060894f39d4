"""Lives of documents without a Temporal server: the product's own activities, store, connectors and convergence on the
simulators, carried from step to step by hand.

What Temporal does is played: a step that fails is tried again, on another worker if its own stands still; a workflow
hears news between two steps; who is told something that is not running is started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy.exc import DBAPIError
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

import worker as product
from activities.api import (
    Course,
    Decided,
    DecisionStep,
    DocumentStart,
    DocumentStep,
    HoldStep,
    IntakeStep,
    Posted,
    PostStep,
    Queues,
    ReverseStep,
    StartStep,
)
from activities.document import DocumentActivities
from activities.intake import IntakeActivities
from activities.retrying import Patience
from activities.workshop import Batching, Route, Workshop
from chaos.people import PASSING
from connectors.galaxy.access import GalaxyAccess
from connectors.galaxy.client import GalaxyErp
from connectors.jushuitan.access import JushuitanAccess
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.streams import streams_of
from domain import holds
from domain.documents import DocumentState, Hold, HoldReason
from domain.faults import FaultKind
from domain.journal import DocumentRecord
from domain.rates import Rate
from sandbox.galaxy.app import create_app as create_galaxy
from sandbox.jushuitan.app import create_app as create_jushuitan
from sandbox.jushuitan.config import JushuitanConfig
from sandbox.jushuitan.state import JushuitanState
from sandbox.world.judgement import Claims
from sandbox.world.parity import central_parity
from sandbox.world.world import World
from store.errors import NotRecorded
from tests.chaos.fuse import Blow, Call, Fuse, FusedStore, FusedTransport
from tests.end_to_end.retail import Row, write_orders

ORDER, RETURN = "540001", "C540002"
FLOWS = ("sales_outbound", "sales_return")
PATIENCE = Patience(transient_tries=2, transient_wait=0, throttled_wait=0)
_CATALOGUE = product.catalogue()
_CLOSED_BY_OTHERS = (HoldReason.MAPPING_MISSING, HoldReason.OUTBOUND_NOT_POSTED)
_ENOUGH = 400
"""Moves after which everything must have come to rest."""
_PATIENT = 4
"""Moves between two that let time pass."""
_OVERLAP = 3600
"""Seconds read again: everything, so that the latest version is always heard of."""


Step = Callable[[Any], Coroutine[Any, Any, Any]]


class WorkerStopped(Exception):
    """The worker stands still in the middle of a step."""


@dataclass
class Worker:
    """A worker process: nothing of it is shared with others but the store's file and the vendors."""

    fuse: Fuse
    shop: Workshop
    closing: AsyncExitStack
    steps: dict[str, Step]
    running: set[asyncio.Task[Any]] = field(default_factory=set)

    async def do(self, name: str, argument: Any, attempt: int, beat: list[Any]) -> tuple[Any, list[Any]]:
        """One try of a step, with the heartbeat of the try before; its result and its own last heartbeat.

        Raises:
            WorkerStopped: it stands still.
            ApplicationError, NotRecorded: the try failed.
        """
        environment = ActivityEnvironment()
        environment.info = replace(
            environment.info,
            activity_type=name,
            attempt=attempt,
            heartbeat_timeout=timedelta(seconds=30),
            heartbeat_details=beat,
        )
        environment.on_heartbeat = lambda *details: beat.__setitem__(slice(None), details)
        task = asyncio.create_task(environment.run(self.steps[name], argument))
        stopped = asyncio.create_task(self.fuse.frozen.wait())
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not task.done():
            raise WorkerStopped
        return task.result(), beat

    async def go_on(self) -> None:
        """Woken, it carries on what it was doing, to the end or to where it stands still again."""
        self.fuse.wake()
        tasks = list(self.running)
        stopped = asyncio.create_task(self.fuse.frozen.wait())
        if tasks:
            await asyncio.wait({*tasks, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        for task in tasks:
            if task.done() and not task.cancelled():
                task.exception()

    async def close(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        await self.closing.aclose()


@dataclass
class Office:
    """The vendors, the store's file, the worker of the moment, those that stand still, and the documents' lives."""

    world: World
    url: str
    returned: bool
    worker: Worker = field(init=False)
    asleep: list[Worker] = field(default_factory=list)
    lives: dict[str, Life] = field(default_factory=dict)
    late: list[Call] = field(default_factory=list)
    _passed: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.galaxy, self.jushuitan = create_galaxy(self.world.galaxy), create_jushuitan(self.world.jushuitan)

    def now(self) -> datetime:
        """The product's clock."""
        return datetime.now(UTC) + self._passed

    async def arrive(self) -> None:
        """The calls that were given up take effect."""
        while self.late:
            await self.late.pop(0)()

    async def pass_time(self) -> None:
        """So much time passes that nothing can still be on its way."""
        await self.arrive()
        self._passed += timedelta(seconds=PATIENCE.unanswered)

    @classmethod
    async def open(cls, folder: Path, url: str, *, returned: bool) -> Office:
        """An order, and its return if wished, about to appear at the source. `url`: a migrated store of its own."""
        world = World(JushuitanState(JushuitanConfig(per_second=None, per_minute=None)))
        rows = [Row(ORDER, quantity=4)]
        rows += [Row(RETURN, quantity=-1, at="2010-12-01 12:00:00")] if returned else []
        world.feed_retail([write_orders(folder / "orders.csv", rows)])
        office = cls(world, url, returned)
        await office.new_worker()
        store = office.worker.shop.store
        await store.put_mappings(world.mappings())
        world.release()
        await store.put_rates([_rate(record.document.io_date.date()) for record in world.jushuitan.outbounds])
        return office

    async def new_worker(self) -> None:
        """The worker of the moment is replaced by another one."""
        self.worker = await _new_worker(self)

    async def close(self) -> None:
        for life in self.lives.values():
            await life.close()
        for worker in (*self.asleep, self.worker):
            await worker.close()

    async def poll(self) -> None:
        """What intake does: read both streams, start or tell documents. What fails is done by the next poll."""
        for flow in FLOWS if self.returned else FLOWS[:1]:
            until = datetime.now(UTC) + timedelta(seconds=5)
            with suppress(ApplicationError, NotRecorded, WorkerStopped):
                await self.do("poll", IntakeStep(flow=flow, connection="main", until=until), 1, [0])
                await self.do("start_documents", StartStep(flow=flow, connection="main"), 1, [0])

    async def do(self, name: str, argument: Any, attempt: int, beat: list[Any]) -> Any:
        """A try of a step on the worker of the moment; when that stands still, the next one is another's."""
        worker = self.worker
        try:
            return (await worker.do(name, argument, attempt, beat))[0]
        except WorkerStopped:
            self.asleep.append(worker)
            await self.new_worker()
            raise

    async def wake_one(self, blow: Blow | None, left: int) -> None:
        """The worker that has stood still the longest goes on."""
        if not self.asleep:
            return
        worker = self.asleep.pop(0)
        worker.fuse.arm(blow, left)
        await worker.go_on()
        if worker.fuse.frozen.is_set():
            self.asleep.append(worker)
        else:
            await worker.close()

    async def rest(self) -> None:
        """Carry every life on until none has anything to do. Time passes where one waits for it."""
        for moves in range(1, _ENOUGH):
            moving = [life for life in self.lives.values() if life.can_move]
            if not moving:
                return
            await moving[0].move()
            if moves % _PATIENT == 0:
                await self.pass_time()
        raise AssertionError("it never comes to rest")

    async def settle(self) -> None:
        """Everything is mended, sleepers wake, the source is read, whoever is held for a passing reason is resumed."""
        self.worker.fuse.arm(None, 0)
        switches = self.world.galaxy.switches
        switches.closed_until = None
        switches.locks.clear()
        while self.asleep:
            await self.wake_one(None, 0)
        await self.pass_time()
        for _ in range(2):
            await self.poll()
            await self.rest()
            for life in self.lives.values():
                if life.hold is not None and life.hold.reason in PASSING:
                    life.decide(Decided.RESUME)
            await self.rest()

    async def judge(self) -> dict[str, list[str]]:
        """What is wrong with the books, or with what the product says of them, by the sandbox world's judgement."""
        records = await self.worker.shop.store.list_documents(limit=10)
        named = {self.number_of(record.key.number): record for record in records}
        held = {number: record.hold.reason for number, record in named.items() if record.hold is not None}
        gone = (DocumentState.SKIPPED, DocumentState.REVERSED)
        settled = frozenset(number for number, record in named.items() if record.state in gone)
        found = self.world.judge(Claims(held=held, settled=settled)).as_dict()
        return found | {"untold": [said for record in records if (said := self._untold(record))]}

    def _untold(self, record: DocumentRecord) -> str:
        """Once everything is at rest, a document that has not ended waits, and the journal says so."""
        life = self.lives.get(record.key.workflow_id)
        if life is not None and life.hold is not None:
            return "" if record.hold == life.hold else f"{record.key.number} waits, and is said to be {record.state}"
        return "" if record.state.is_final else f"{record.key.number} has ended, and is said to be {record.state}"

    def number_of(self, source_id: str) -> str:
        """The platform number behind the source's own."""
        return next(n for n in (ORDER, RETURN) if source_id in map(str, self._source_ids(n)))

    def bill_number(self, number: str) -> str:
        """The number a document's bill has in Kingdee."""
        return str(self._source_ids(number)[0])

    def _source_ids(self, number: str) -> list[int]:
        with suppress(KeyError):
            ids = self.world.source_ids(number)
            return [ids.get("io_id") or ids["as_id"]]
        return []

    # ── what the product asks of Temporal ───────────────────────────────────────────────────────────────────────

    async def start_workflow(self, workflow: Any, start: DocumentStart, **options: Any) -> None:
        ident = options["id"]
        life = self.lives.get(ident)
        if life is not None and not life.ended:
            if options["id_conflict_policy"] is WorkflowIDConflictPolicy.FAIL:
                raise WorkflowAlreadyStartedError(ident, "Document")
            life.hear(*options["start_signal_args"])
            return
        self.lives[ident] = Life(self, start)

    def get_workflow_handle(self, workflow_id: str) -> _Handle:
        return _Handle(self.lives.get(workflow_id))


@dataclass(frozen=True)
class _Handle:
    life: Life | None

    async def signal(self, name: str, news: Any) -> None:
        assert name == "gap_closed"
        if self.life is None or self.life.ended:
            raise RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b"")
        self.life.gap_is_closed(news.gap)


class Life:
    """A run of a document: what its workflow does, in the same order. It goes one step on when told to.

    Attributes:
        hold: why it waits; None while it moves.
    """

    def __init__(self, office: Office, start: DocumentStart) -> None:
        self.key = start.key
        self.ended = False
        self.hold: Hold | None = None
        self._office, self._start = office, start
        self._version = ""
        self._news = self._gap_closed = False
        self._take_back: tuple[str, str] | None = None
        self._freed: Decided | None = None
        self._turn = asyncio.Event()
        self._stands = asyncio.Event()
        self._task = asyncio.create_task(self._live())

    # ── what happens to it ──────────────────────────────────────────────────────────────────────────────────────

    @property
    def can_move(self) -> bool:
        """Whether it has something to do."""
        return not self.ended and (self.hold is None or self._is_free)

    async def move(self) -> None:
        """One try of one step."""
        await self._standing()
        if self.ended:
            return
        self._stands.clear()
        self._turn.set()
        await self._standing()

    def hear(self, news: Any) -> None:
        """The source has changed."""
        self._news = self._news or news.version != self._version

    def gap_is_closed(self, gap: str) -> None:
        self._gap_closed = self._gap_closed or (self.hold is not None and self.hold.gap == gap)

    def decide(self, decided: Decided) -> None:
        """A person decides; only a document that waits can be decided on."""
        if self.hold is not None and self._freed is None:
            self._freed = decided

    def cancel(self) -> None:
        """A person takes it back."""
        self._take_back, self._news = ("clerk", "wrong address"), True

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _standing(self) -> None:
        stands = asyncio.create_task(self._stands.wait())
        await asyncio.wait({stands, self._task}, return_when=asyncio.FIRST_COMPLETED)
        stands.cancel()
        if self._task.done():
            self._task.result()

    # ── what it does ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _is_free(self) -> bool:
        return self._freed is not None or self._gap_closed or self._news

    async def _live(self) -> None:
        outcome = await self._carry()
        while True:
            if isinstance(outcome, Hold):
                outcome = await self._held(outcome)
                continue
            if outcome is not None and not self._news:
                break
            outcome = await self._carry()
        self.ended = True
        self._stands.set()

    async def _carry(self) -> DocumentState | Hold | None:
        """From the beginning with the latest version. None: look afresh."""
        self._news = False
        actor, reason = self._take_back or ("", "")
        wish = PostStep(key=self.key, erp=self._start.erp, take_back=bool(actor), actor=actor, reason=reason)
        found: Posted | Hold = await self._do("post", wish)
        if isinstance(found, Hold):
            return found
        assert found.rate is None, "every rate is in the store"
        self._version = found.version
        if found.hold is not None:
            return found.hold
        match found.course:
            case Course.SKIP:
                return DocumentState.SKIPPED
            case Course.REVERSE | Course.REPOST:
                return await self._reverse(found)
        return found.state

    async def _reverse(self, found: Posted) -> DocumentState | Hold | None:
        final, (actor, reason) = found.course is Course.REVERSE, self._take_back or ("", "")
        wish = ReverseStep(step=self._step, final=final, by_person=bool(actor), actor=actor, reason=reason)
        back = await self._do("reverse", wish)
        if isinstance(back, Hold) or back.hold is not None:
            return back if isinstance(back, Hold) else cast(Hold, back.hold)
        return DocumentState.REVERSED if final else None

    async def _held(self, hold: Hold) -> DocumentState | Hold | None:
        await self._do("hold", HoldStep(step=self._step, hold=hold))
        if hold.reason in _CLOSED_BY_OTHERS and not self._news:
            # The gap may have been closed while the hold was put on record.
            again = await self._carry()
            if again != hold:
                return again
        self.hold = hold
        while not self._is_free:
            await self._my_turn()
        decided = self._freed or (Decided.SOURCE_CHANGED if self._news else Decided.GAP_CLOSED)
        self.hold, self._freed, self._gap_closed = None, None, False
        state = await self._do("decide", DecisionStep(step=self._step, decided=decided, actor="clerk", reason="so"))
        if decided is Decided.SKIP:
            if state.is_final:
                return cast(DocumentState, state)
            self._take_back = ("clerk", "so")
        return None

    @property
    def _step(self) -> DocumentStep:
        return DocumentStep(key=self.key, version=self._version, erp=self._start.erp)

    async def _do(self, name: str, argument: Any) -> Any:
        """A step, tried as often as it takes; the hold it ends in when its tries are used up."""
        attempt, beat = 0, [0]
        while True:
            await self._my_turn()
            attempt += 1
            try:
                return await self._office.do(name, argument, attempt, beat)
            except ApplicationError as error:
                if error.non_retryable:
                    return _hold_for(error)
            except (WorkerStopped, NotRecorded, DBAPIError):
                continue

    async def _my_turn(self) -> None:
        self._stands.set()
        await self._turn.wait()
        self._turn.clear()


def _hold_for(error: ApplicationError) -> Hold:
    given = [str(part) for part in error.details]
    assert error.type in tuple(FaultKind), f"a defect: {error.type} in {given}"
    system, code, message = given
    return holds.of_fault(FaultKind(str(error.type)), system, code, message)


async def _new_worker(office: Office) -> Worker:
    fuse, closing = Fuse(office.late), AsyncExitStack()
    opened = await FusedStore.open(office.url, clock=office.now)
    store = cast(FusedStore, await closing.enter_async_context(opened))
    store.fuse = fuse
    galaxy, source = office.world.galaxy.config, office.world.jushuitan.config
    erp = GalaxyErp(
        GalaxyAccess(
            url="http://galaxy/k3cloud/",
            acct_id=galaxy.acct_id,
            user_name=galaxy.user_name,
            app_id=galaxy.app_id,
            app_secret=galaxy.app_secret,
        ),
        transport=FusedTransport("galaxy", office.galaxy, fuse),
    )
    jushuitan = JushuitanClient(
        JushuitanAccess(
            url="http://jushuitan",
            app_key=source.app_key,
            app_secret=source.app_secret,
            access_token=source.access_token,
            refresh_token=source.refresh_token,
        ),
        transport=FusedTransport("jushuitan", office.jushuitan, fuse),
    )
    closing.push_async_callback(erp.aclose)
    closing.push_async_callback(jushuitan.aclose)
    queues = Queues(source="jushuitan.main", erp="galaxy.main", rates="rates")
    shop = Workshop(
        store=store,
        catalogue=_CATALOGUE,
        streams={("main", name): s for name, s in streams_of("main", jushuitan, _long_ago()).items()},
        routes={"main": Route(system="jushuitan", erp="main", bill_prefix="", queues=queues)},
        erps={"main": erp},
        rates=cast(Any, None),
        client=cast(Client, office),
        patience=PATIENCE,
        now=office.now,
        batching=Batching(linger=0),
        overlap=_OVERLAP,
    )
    return Worker(fuse, shop, closing, _steps(shop))


def _steps(shop: Workshop) -> dict[str, Step]:
    document, intake = DocumentActivities(shop), IntakeActivities(shop)
    methods: Sequence[Step] = (
        *(document.post, document.reverse, document.hold, document.decide, document.amend),
        *(intake.poll, intake.start_documents),
    )
    return {str(getattr(method, "__name__", "")): method for method in methods}


def _long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=10)


def _rate(day: date) -> Rate:
    value = central_parity("GBP", day)
    return Rate(currency="GBP", value=value, day=day, source="central_parity", source_date=day, official=True)
