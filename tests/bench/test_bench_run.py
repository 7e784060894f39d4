"""`kingpost bench` as a user runs it, at sizes that show only that it runs."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.figures import FIGURES
from bench.house import WrongBooks, open_house
from bench.plan import QUICK, Course
from bench.running import MEASUREMENTS
from demo.embedded import process
from tests.end_to_end.stage import REPO

IN_ONE_HOUSE = [measurement for measurement in MEASUREMENTS if measurement.name not in ("ratio", "naive")]


async def bench(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and standard output."""
    command = (sys.executable, "-m", "cli", "bench", *arguments)
    env = {"PYTHONPATH": str(REPO), "PWD": str(folder)}
    async with process("bench", folder, "env", "-C", str(folder), *command, env=env, speaks=True) as child:
        output: bytes = await child.stdout.read()
        return await child.wait(), output.decode()


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(300)
async def test_figures_are_measured_shown_and_written(tmp_path: Path) -> None:
    status, output = await bench(
        tmp_path, *("--quick", "--rounds", "1", "--only", "ratio", "--only", "naive_speedup", "--json", "OUT.json")
    )
    assert status == 0, output + (tmp_path / "bench.log").read_text(encoding="utf-8")
    result: dict[str, Any] = json.loads((tmp_path / "OUT.json").read_text(encoding="utf-8"))
    wanted = {name for m in MEASUREMENTS if m.name in ("ratio", "naive") for name in m.figures}
    assert {name for name in result if name in FIGURES} == wanted == set(result["rounds"])
    assert all(math.isfinite(result[name]) and result[name] > 0 for name in wanted)
    assert set(result["goals"]) == {name for name in wanted if FIGURES[name].goal}
    assert all(name in output for name in wanted)
    carried = 2 * QUICK.warm_up + QUICK.lot + QUICK.backlog + QUICK.naive
    assert result["documents_audited"] == carried
    assert f"{carried} documents audited" in output
    assert "the figures mean nothing" in output


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(300)
async def test_the_other_measurements_give_their_figures_and_right_books(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINGPOST_CONFIG", "that of the house, until the test is over")
    course = Course(QUICK, 1, say=lambda told: None)
    async with open_house(tmp_path / "house", None) as house:
        for measurement in IN_ONE_HOUSE:
            found = await measurement.measure(house, course)
            assert [measured.figure.name for measured in found] == list(measurement.figures)
            assert all(math.isfinite(measured.value) for measured in found)
        assert await house.audit() > QUICK.flood


async def test_wrong_books_are_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINGPOST_CONFIG", "that of the house, until the test is over")
    async with open_house(tmp_path / "house", None) as house:
        await house.take_in(2)
        with pytest.raises(WrongBooks, match=r'The books are wrong: {"missing":\["B0000000","B0000001"\]}'):
            await house.audit()


async def test_a_figure_nobody_knows_is_told_before_anything_is_started(tmp_path: Path) -> None:
    status, output = await bench(tmp_path, "--only", "speed")
    assert (status, output) == (2, "")
    assert "Nothing called speed is measured" in (tmp_path / "bench.log").read_text(encoding="utf-8")
    assert not (tmp_path / ".kingpost").exists()
