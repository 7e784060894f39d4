"""`kingpost backfill`: counts first, brings in, shows how far it is, and may be called as often as one likes."""

from __future__ import annotations

import pytest
from typer.testing import Result

from sandbox.faults import FaultName, FaultRule
from sandbox.rates.data import PUBLISHED
from tests.cli.command import kingpost, sentence
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, RETURN, Source, Stage, Wish, unlimited_world

pytestmark = pytest.mark.timeout(240)

DAY = sorted(PUBLISHED)[-1].isoformat()
"""The day of an order file with one day."""
QUERY = "/open/orders/out/simple/query"


async def backfill(stage: Stage, *arguments: str, flow: str = OUTBOUND) -> Result:
    return await kingpost(stage.config, "backfill", flow, "--from", DAY, "--to", DAY, *arguments)


def told(result: Result) -> str:
    """The last line of a command that went well."""
    assert result.exit_code == 0, result.output
    return str(result.stdout.strip().splitlines()[-1])


async def test_count_bring_in_and_again(stage: Stage) -> None:
    numbers = await stage.show(*[Row(f"54000{i}", customer=f"{i}") for i in range(3)])
    await stage.take_in(OUTBOUND)
    later = await stage.show(Row("540009"))

    result = await backfill(stage, "--dry-run")
    assert "来源有 4 张，其中新 1，有变化 0，已有 3；没有改动任何数据" in told(result)
    assert "1 of 4 would be brought in" in told(result)
    assert await stage.store.document(stage.key(later[0])) is None

    result = await backfill(stage)
    # What lay in the store unstarted is started along with what is new.
    assert "来源有 4 张，其中新 1，有变化 0，已有 3；启动 4，通知 0" in told(result)
    assert "100%" in result.stdout
    await stage.posted(*numbers, *later)

    result = await backfill(stage)
    assert "新 0，有变化 0，已有 4；启动 0，通知 0" in told(result)
    stage.assert_books_right()


async def test_every_connection_unless_one_is_named(set_up: SetUp) -> None:
    first = unlimited_world()
    second = unlimited_world(first.galaxy, first.rates)
    stage = await set_up(Wish(sources={"main": Source(first, "A-"), "second": Source(second, "B-")}))
    await stage.show(Row("540001"))
    await stage.show(Row("640001"), Row("640002", customer="1"), source="second")
    result = await backfill(stage, "--connection", "main")
    assert "main 补录：来源有 1 张" in told(result)
    assert "second" not in result.stdout
    result = await backfill(stage)
    assert "main 补录：来源有 1 张，其中新 0" in result.stdout
    assert "second 补录：来源有 2 张，其中新 2" in result.stdout
    await stage.posted("640001", "640002", source="second")


async def test_in_the_background(stage: Stage) -> None:
    """It says what it is called in Temporal; called again, it shows the end of the very same one."""
    numbers = await stage.show(Row("540001"), Row("540002", customer="1"))
    faults = stage.world.jushuitan.faults
    faults.add(FaultRule(kind=FaultName.SLOW, operation=QUERY, seconds="2"))
    result = await backfill(stage, "--no-wait")
    workflow_id = f"backfill:{OUTBOUND}:main:{DAY}:{DAY}"
    assert workflow_id in told(result)
    assert "来源有 2 张，其中新 2" in told(await backfill(stage))
    runs = [run async for run in stage.client.list_workflows(f'WorkflowId = "{workflow_id}"')]
    assert len(runs) == 1
    await stage.posted(*numbers)


async def test_what_stands_in_the_way_is_said_and_then_it_goes_on(stage: Stage) -> None:
    await stage.show(Row("540001"))
    faults = stage.world.jushuitan.faults
    faults.add(FaultRule(kind=FaultName.NO_PERMISSION, operation=QUERY, times=None))
    result = await backfill(stage)
    assert result.exit_code == 1
    assert sentence(result).startswith("main：jushuitan 不接受授权（no_permission）")
    assert sentence(result).endswith("then call again.")
    faults.clear()
    assert "来源有 1 张，其中新 1" in told(await backfill(stage))
    await stage.posted("540001")


async def test_refusals(stage: Stage) -> None:
    result = await kingpost(stage.config, "backfill", OUTBOUND, "--from", "2026-09-02", "--to", "2026-09-01")
    assert (result.exit_code, "--to 2026-09-01" in sentence(result)) == (2, True)
    result = await backfill(stage, flow="sales_nothing")
    assert (result.exit_code, "no flow 'sales_nothing'" in sentence(result)) == (1, True)
    result = await backfill(stage, "--connection", "nobody", flow=RETURN)
    assert (result.exit_code, "there are main" in sentence(result)) == (1, True)
    result = await kingpost(stage.config, "backfill", OUTBOUND, "--from", "yesterday", "--to", DAY)
    assert result.exit_code == 2
