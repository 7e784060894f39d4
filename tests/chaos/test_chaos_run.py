"""`kingpost chaos` as a user runs it, short: everything fails for a while, and the books come out right."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from chaos.report import Report
from tests.cli.command import kingpost
from tests.end_to_end.stage import REPO

DOCUMENTS, SEED = 240, 3


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(400)
async def test_a_short_run(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("KINGPOST_")}
    options = ("--documents", str(DOCUMENTS), "--seed", str(SEED), "--minutes", "0.5", "--report", "OUT.json")
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "chaos", *options),
        cwd=tmp_path,
        env=env | {"PYTHONPATH": str(REPO)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await run.communicate()
    output = told.decode()
    assert run.returncode == 0, output
    report = Report.model_validate_json((tmp_path / "OUT.json").read_text(encoding="utf-8"))
    assert report.is_clean
    assert (report.documents, report.seed) == (DOCUMENTS, SEED)
    assert report.posted > DOCUMENTS / 2
    assert report.worker_kills > 0
    assert report.server_kills > 0
    assert len(report.faults) > 10
    assert "账实相符" in output
    # Everything it started has ended with it.
    left = [int(file.read_text(encoding="ascii")) for file in (tmp_path / ".kingpost" / "chaos").glob("*.pid")]
    assert left
    assert not [pid for pid in left if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("option", [("--workers", "1"), ("--documents", "0"), ("--minutes", "0")])
async def test_runs_that_make_no_sense_are_refused(option: tuple[str, str]) -> None:
    result = await kingpost(None, "chaos", *option)
    assert result.exit_code == 2
    assert option[0] in result.stderr
