"""What is done about a connection that refuses us (pain 15). All of it may be repeated at any point."""

from __future__ import annotations

from temporalio import activity

from activities.alerting import RecordedAlerts
from activities.api_connections import ConnectionStep, ConnectionSteps, PauseStep, Probed
from activities.retrying import step
from activities.waking import wake
from activities.workshop import Workshop
from domain.alerts import Alert, Alerts
from domain.connections import Pause
from domain.documents import OwnerRole
from domain.faults import Fault, FaultKind
from domain.keys import connection_gap


class ConnectionActivities(ConnectionSteps):
    """See `ConnectionSteps` for which queue runs what."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._alerts: Alerts = RecordedAlerts(workshop.store)
        self.patience = workshop.patience

    @activity.defn(name="pause")
    @step
    async def pause(self, step: PauseStep) -> None:
        await self._shop.store.pause(step.pause)
        await self._alerts.raise_once(alert_of(step.pause))

    @activity.defn(name="lift")
    @step
    async def lift(self, step: ConnectionStep) -> None:
        await self._shop.store.lift(step.connection)

    @activity.defn(name="probe")
    @step
    async def probe(self, step: ConnectionStep) -> Probed:
        account = self._shop.accounts[step.connection]
        try:
            await account.probe()
        except Fault as fault:
            return Probed(
                accepted=_accepted(fault.kind),
                code=fault.code,
                message=fault.message,
                counts_refusals=account.counts_refusals,
            )
        return Probed(accepted=True, counts_refusals=account.counts_refusals)

    @activity.defn(name="wake_waiting")
    @step
    async def wake_waiting(self, step: ConnectionStep) -> int:
        return await wake(self._shop, [connection_gap(step.connection)])


def _accepted(kind: FaultKind) -> bool | None:
    """Whether a probe that failed shows that the vendor knows us."""
    if kind is FaultKind.EXPIRED:
        return False
    # A no to the question is an answer to somebody it knows.
    return True if kind in (FaultKind.INVALID, FaultKind.REFUSED) else None


def alert_of(pause: Pause) -> Alert:
    """What people are told when a connection is paused."""
    name, refusal = pause.connection, pause.refusal
    return Alert(
        key=f"{connection_gap(name)}@{pause.since.isoformat()}",
        at=pause.since,
        owner=OwnerRole.INTEGRATION,
        gap=connection_gap(name),
        zh=f"连接 {name} 的授权被拒绝（{refusal.code}）：{refusal.message}。连接已暂停，相关单据等待。"
        f"请更新授权，然后执行 kingpost connections renew {name}。",
        en=f"Connection {name} refuses our credentials ({refusal.code}): {refusal.message}. It is paused and documents "
        f"wait for it. Renew them, then run: kingpost connections renew {name}.",
    )
