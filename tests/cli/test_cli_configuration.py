"""A wrong configuration, or a Temporal that is not there, is told in one sentence."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from demo.embedded import free_port
from tests.cli.command import kingpost, sentence
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.stage import REPO, Sections, Wish, write_config

GALAXY: dict[str, Any] = {
    "url": "http://127.0.0.1:1/k3cloud/",
    "acct_id": "a",
    "user_name": "u",
    "app_id": "i",
    "app_secret": "s",
}
FLAGSHIP: dict[str, Any] = {
    "url": "http://127.0.0.1:1",
    "account_id": "a",
    "app_id": "i",
    "app_secret": "s3cr3t",
    "user": "u",
}
JUSHUITAN: dict[str, Any] = {"url": "http://127.0.0.1:1", "app_key": "k", "app_secret": "s"}


async def run(folder: Path, *command: str, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """A command in a process of its own, in a folder of its own: exit status, output, errors."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KINGPOST_")}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *command),
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(REPO), **(env or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await child.communicate()
    return child.returncode or 0, output.decode(), errors.decode()


@pytest.mark.parametrize("command", [("cli", "worker"), ("worker",), ("cli", "documents", "search", "540001")])
async def test_nothing_is_configured(tmp_path: Path, command: tuple[str, ...]) -> None:
    status, output, errors = await run(tmp_path, *command)
    assert status == 2
    [told] = errors.strip().splitlines()
    assert told.startswith("Setting galaxy is missing")
    assert "KINGPOST_GALAXY__MAIN__URL" in told
    assert output == ""


async def test_setting_is_named(tmp_path: Path) -> None:
    """Whatever is wrong, the sentence names the setting and the variable, and never the value of a secret."""
    whole: Sections = {"galaxy.main": GALAXY, "jushuitan.main": JUSHUITAN}
    cases: dict[str, Sections] = {
        "galaxy.main.url": {"galaxy.main": {name: GALAXY[name] for name in GALAXY if name != "url"}},
        "galaxy.main.parallel": {"galaxy.main": {**GALAXY, "parallel": 0}},
        "jushuitan.main.app_key": {"jushuitan.main": {"url": "http://127.0.0.1:1", "app_secret": "s3cr3t"}},
        "jushuitan.main.erp": {"jushuitan.main": {**JUSHUITAN, "erp": "other"}},
        "jushuitan.second.bill_prefix": {"jushuitan.second": JUSHUITAN},
        "worker.every": {"worker": {"every": 0}},
        "temporal.adress": {"temporal": {"adress": "127.0.0.1:7233"}},
        "galaxy": {"galaxy.main": {}},
        "flagship.main": {"flagship.main": FLAGSHIP},
        "flagship.other.bindings": {"flagship.other": {**FLAGSHIP, "bindings": "absent.yaml"}},
        "flagship.other.account_id": {"flagship.other": {k: v for k, v in FLAGSHIP.items() if k != "account_id"}},
    }
    for name, changed in cases.items():
        config = write_config(tmp_path / "kingpost.toml", whole | changed)
        result = await kingpost(config, "documents", "search", "540001")
        told = sentence(result)
        assert (result.exit_code, name in told) == (2, True), told
        assert "s3cr3t" not in told


async def test_configuration_cannot_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[galaxy", encoding="utf-8")
    for config, complaint in ((broken, "cannot be read"), (tmp_path / "absent.toml", "absent.toml")):
        result = await kingpost(config, "documents", "search", "540001")
        assert result.exit_code == 2
        assert complaint in sentence(result)


async def test_temporal_is_not_there(set_up: SetUp, tmp_path: Path) -> None:
    """The worker, and a command that has to talk to it."""
    stage = await set_up(Wish(works=False))
    nowhere = f"127.0.0.1:{free_port()}"
    text = stage.config.read_text(encoding="utf-8")
    config = tmp_path / "nowhere.toml"
    config.write_text(text.replace(stage.settings.temporal.address, nowhere), encoding="utf-8")
    status, output, errors = await run(tmp_path, "worker", env={"KINGPOST_CONFIG": str(config)})
    assert (status, output) == (1, "")
    [told] = errors.strip().splitlines()
    assert told.startswith(f"Temporal cannot be reached at {nowhere}")
    for command in (
        ("documents", "resume", "540001"),
        ("documents", "skip", "540001", "--reason", "because"),
        ("documents", "cancel", "540001", "--reason", "because"),
        ("mappings", "set", "sku", "NEW", "material=NEW"),
    ):
        result = await kingpost(config, *command)
        assert (result.exit_code, nowhere in sentence(result)) == (1, True), result.output
    assert "NEW" not in await stage.store.mapping("sku", "main", ["NEW"]), "nothing is done by halves"
