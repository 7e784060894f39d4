"""A connection that refuses us: paused for all, asked again now and then, opened once it accepts us (pain 15).

One workflow for each connection, started by the first step that is refused. It is the only one that records and lifts
the pause, so the two never cross. While it runs it answers everybody who is refused, and everybody who has renewed the
credentials.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.api_connections import ConnectionStep, ConnectionSteps, PauseStep, Probed
    from domain.connections import Pause, Refusal
    from domain.documents import Frozen, HoldReason, Urgency
    from domain.keys import connection_gap
    from workflows import attributes, policies
    from workflows.wording import connection_open, connection_paused


class ConnectionStart(Frozen):
    """Which connection, and how often it is asked whether it accepts us again.

    Attributes:
        probe_wait: seconds until the first probe; each further wait is twice as long.
        probe_most: seconds the wait never exceeds.
        pause: the pause it is in already: carried over into a fresh history, or left by a run that somebody ended.
        by_hand: the vendor counts refused tries, so it is asked only when a person says so.
    """

    connection: str
    probe_wait: float
    probe_most: float
    pause: Pause | None = None
    by_hand: bool = False


@workflow.defn(name="Connection")
class ConnectionWorkflow:
    """See the module. It ends when the connection is open and nobody was refused since."""

    @workflow.init
    def __init__(self, start: ConnectionStart) -> None:
        self._start = start
        self._pause = start.pause
        """On record; None: the gate is open."""
        self._refusal: Refusal | None = None
        self._reported = self._judged = 0
        """Refusals that were told of, and those that were looked into."""
        self._asked = self._answered = 0
        """Times somebody renewed the credentials, and those a probe has answered."""
        self._probed = Probed(accepted=None, counts_refusals=start.by_hand)

    @workflow.run
    async def run(self, start: ConnectionStart) -> None:
        if self._pause is None:
            await workflow.wait_condition(lambda: self._reported > 0)
        while True:
            if self._pause is not None:
                await self._stay_away(self._pause)
            elif self._refusal is not None and self._reported > self._judged:
                await self._judge(self._refusal)
            elif workflow.all_handlers_finished():
                return
            else:
                await workflow.wait_condition(lambda: self._reported > self._judged or workflow.all_handlers_finished())

    # ── pausing ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _judge(self, refusal: Refusal) -> None:
        """Ask once more before everybody has to stop: the refusal may be of a token that has been renewed since."""
        looked_into = self._reported
        probed = await self._probe()
        if probed.accepted:
            self._judged = looked_into
            return
        pause = Pause(connection=self._start.connection, since=workflow.now(), refusal=refusal)
        await workflow.execute_local_activity_method(ConnectionSteps.pause, PauseStep(pause=pause), **policies.local())
        self._pause, self._judged = pause, self._reported

    async def _stay_away(self, pause: Pause) -> None:
        """Until the connection accepts us. Then the gate is opened first, and those who wait are woken after it."""
        workflow.upsert_search_attributes(
            [
                attributes.SOURCE_SYSTEM.value_set(pause.refusal.system),
                attributes.HOLD_REASON.value_set(HoldReason.CREDENTIALS_REFUSED.value),
                attributes.GAP.value_set([connection_gap(pause.connection)]),
            ]
        )
        wait, most = timedelta(seconds=self._start.probe_wait), timedelta(seconds=self._start.probe_most)
        while True:
            await self._until_probe(pause, wait)
            if (await self._probe()).accepted:
                break
            self._answered = self._asked
            wait = min(wait * 2, most)
        step = ConnectionStep(connection=pause.connection)
        await workflow.execute_local_activity_method(ConnectionSteps.lift, step, **policies.local())
        self._pause, self._judged, self._answered = None, self._reported, self._asked
        workflow.set_current_details(connection_open(pause, workflow.now(), woken=None))
        woken = await workflow.execute_activity_method(
            ConnectionSteps.wake_waiting,
            step,
            start_to_close_timeout=timedelta(hours=1),
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=policies.UNTIL_TOLD,
        )
        workflow.set_current_details(connection_open(pause, workflow.now(), woken=woken))
        workflow.upsert_search_attributes([attributes.HOLD_REASON.value_unset(), attributes.GAP.value_unset()])

    async def _until_probe(self, pause: Pause, wait: timedelta) -> None:
        """Wait for the next probe, or for somebody who has renewed the credentials."""
        by_hand = self._probed.counts_refusals
        at: datetime | None = None if by_hand else workflow.now() + wait
        workflow.set_current_details(connection_paused(pause, at))
        if workflow.info().is_continue_as_new_suggested():
            await workflow.wait_condition(workflow.all_handlers_finished)
            carried = {"pause": pause, "by_hand": by_hand, "probe_wait": wait.total_seconds()}
            workflow.continue_as_new(self._start.model_copy(update=carried))
        try:
            await workflow.wait_condition(lambda: self._asked > self._answered, timeout=None if by_hand else wait)
        except TimeoutError:
            workflow.logger.info("asking %s whether it accepts us again", pause.connection)

    async def _probe(self) -> Probed:
        step = ConnectionStep(connection=self._start.connection)
        try:
            self._probed = await workflow.execute_activity_method(
                ConnectionSteps.probe,
                step,
                # On the workflows' own queue: those who are refused hold the slots of the connection's until this ends.
                start_to_close_timeout=timedelta(minutes=5),
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=policies.UNTIL_TOLD,
                priority=Priority(priority_key=Urgency.PERSON.value),
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # A defect of ours must not leave the connection paused with nobody to open it.
            self._probed = self._probed.model_copy(update={"accepted": None, "code": "defect"})
        return self._probed

    # ── signals, updates, query ─────────────────────────────────────────────────────────────────────────────────

    @workflow.update
    async def refused(self, refusal: Refusal) -> bool:
        """Somebody was refused. Returns whether the connection is paused, which is then on record."""
        if self._pause is None:
            self._refusal = refusal
            self._reported += 1
            mine = self._reported
            await workflow.wait_condition(lambda: self._pause is not None or self._judged >= mine)
        return self._pause is not None

    @workflow.update
    async def renewed(self) -> Probed:
        """A person has renewed the credentials. Returns what a probe made of it."""
        self._asked += 1
        mine = self._asked
        await workflow.wait_condition(lambda: self._answered >= mine)
        return self._probed

    @renewed.validator
    def _may_be_renewed(self) -> None:
        if self._pause is None:
            raise ApplicationError(f"{self._start.connection} is not paused", type="NotPaused")

    @workflow.signal(name="renewed")
    def renewed_by_signal(self) -> None:
        """For Temporal Web UI and scripts; a connection that is not paused ignores it."""
        if self._pause is not None:
            self._asked += 1

    @workflow.query
    def paused(self) -> Pause | None:
        return self._pause
