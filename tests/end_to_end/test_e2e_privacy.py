"""No secret and nobody's name or number gets anywhere it could be read: database, log, Temporal's histories."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain import jsontext
from domain.decisions import Resume
from domain.documents import HoldReason
from sandbox.faults import FaultName, FaultRule
from sandbox.world.sample_goods import RECEIVERS
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.stage import OUTBOUND, RETURN, Stage, Wish, until, worker_process


def canaries(stage: Stage) -> Iterator[str]:
    """What must never be seen again."""
    galaxy, source = stage.galaxy.config, stage.world.jushuitan
    yield galaxy.app_secret
    yield galaxy.password
    yield from (source.config.app_secret, source.config.access_token, source.config.refresh_token)
    yield "a passphrase for tests"
    for receiver in RECEIVERS:
        yield receiver.name
        yield receiver.mobile


@pytest.mark.timeout(180)
async def test_canaries_are_nowhere(set_up: SetUp) -> None:
    stage = await set_up(Wish(works=False))
    world, source = stage.world, stage.world.jushuitan
    world.feed_sample(seed=5)
    await stage.store.put_mappings(world.mappings())
    world.release()
    # Trouble of every kind, since it is error texts that tell tales.
    for kind in (FaultName.EXPIRE, FaultName.HTML_PAGE, FaultName.LOSE_REPLY, FaultName.SERVER_EXCEPTION):
        stage.lose("BatchSave", kind)
        source.faults.add(FaultRule(kind=kind, operation="/open/orders/out/simple/query"))
    async with worker_process(stage, "worker"):
        await stage.intake(OUTBOUND)
        source.tokens.cut_short(source.now(), timedelta(0))
        await stage.intake(RETURN)
        await at_rest(stage)
        [held] = [record for record in await stage.store.held(100) if record.hold and short(record.hold.reason)]
        await stage.decide(held.platform_no, "resume", Resume(actor="clerk", reason="look again"))
        await at_rest(stage)
        log = (stage.folder / "worker.log").read_bytes()
        histories = await all_histories(stage)
    secrets = [*canaries(stage), *await kept_tokens(stage)]
    places = {file.name: file.read_bytes() for file in stage.folder.glob("kingpost.db*")}
    places |= {"worker.log": log, "histories": histories}
    for name, content in places.items():
        seen = [secret for secret in secrets if secret.encode() in content]
        assert seen == [], name
    # The search is not blind: what may be known is there.
    assert any(b"SO20260901-0001" in kept for name, kept in places.items() if name.startswith("kingpost.db"))
    assert b"sales_outbound" in histories
    assert any("收**".encode() in kept for name, kept in places.items() if name.startswith("kingpost.db"))


async def kept_tokens(stage: Stage) -> list[str]:
    """The tokens that were renewed meanwhile, as the vault gives them out."""
    kept = jsontext.loads(await stage.store.token("jushuitan.main") or "{}")
    return [kept["access_token"], kept["refresh_token"]]


def short(reason: HoldReason) -> bool:
    return reason is HoldReason.STOCK_SHORT


async def at_rest(stage: Stage) -> None:
    """Wait until nothing moves but what waits for a person."""

    async def still() -> bool:
        held = len(await stage.store.held(100))
        running = await stage.client.count_workflows('ExecutionStatus = "Running"')
        return running.count == held and not await stage.store.due(1)

    await until(still, "nothing moves any more")


async def all_histories(stage: Stage) -> bytes:
    """All events of all workflows as Temporal keeps them: payloads are plain bytes inside."""
    parts: list[bytes] = []
    async for execution in stage.client.list_workflows():
        handle = stage.client.get_workflow_handle(execution.id, run_id=execution.run_id)
        parts += [event.SerializeToString() async for event in handle.fetch_history_events()]
    assert len(parts) > 200
    return b"\n".join(parts)
