"""`kingpost connections`: what is paused and why, and opening it again."""

from __future__ import annotations

from typer.testing import Result

from domain.documents import HoldReason
from domain.keys import connection_gap
from tests.cli.command import kingpost, sentence
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, Stage, Wish, until

ERP = "galaxy.main"


async def connections(stage: Stage, *arguments: str) -> Result:
    return await kingpost(stage.config, "connections", *arguments)


async def lines(stage: Stage) -> dict[str, str]:
    """The list, by connection."""
    result = await connections(stage, "list")
    assert result.exit_code == 0, result.output
    return {line.split()[1]: line for line in result.stdout.splitlines() if "│" in line}


async def test_refused_paused_renewed(set_up: SetUp) -> None:
    stage = await set_up(Wish(patience={"probe_wait": 3600, "probe_most": 3600}))
    told = await lines(stage)
    assert set(told) == {ERP, "flagship.cloud", "jushuitan.main"}
    assert all("open" in line for line in told.values())

    numbers = await stage.show(Row("540001"), Row("540002", customer="1"))
    stage.galaxy.sessions.revoked = True
    await stage.intake(OUTBOUND)
    for number in numbers:
        await stage.held(number, HoldReason.CREDENTIALS_REFUSED)
    told = await lines(stage)
    assert "open" in told["jushuitan.main"]
    for part in ("paused", "session_lost", " 2 "):
        assert part in told[ERP]

    still = await connections(stage, "renew", ERP)
    assert still.exit_code == 1
    assert ERP in sentence(still) and "仍然拒绝授权" in sentence(still)

    # Somebody ended its workflow in Temporal Web UI; the command takes the pause up again.
    await stage.client.get_workflow_handle(connection_gap(ERP)).terminate("by mistake")
    stage.galaxy.sessions.revoked = False
    renewed = await connections(stage, "renew", ERP)
    assert renewed.exit_code == 0, renewed.output
    assert "is open again" in renewed.stdout
    await stage.posted(*numbers)

    async def is_open() -> bool:
        return "open" in (await lines(stage))[ERP]

    await until(is_open, "the list shows it open")
    again = await connections(stage, "renew", ERP)
    assert again.exit_code == 0
    assert "is not paused" in again.stdout
    stage.assert_books_right()


async def test_a_connection_nobody_knows(stage: Stage) -> None:
    result = await connections(stage, "renew", "galaxy.mian")
    assert result.exit_code == 1
    assert "galaxy.mian" in sentence(result) and "galaxy.main, jushuitan.main" in sentence(result)
