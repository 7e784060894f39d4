"""A roll-out: new workers beside the old ones, then the work, then the old ones go; and never in another order."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

import builds
from deploy.promote import promote
from settings import Settings, TemporalSettings
from tests.deploy.compose_file import ROOT, service
from tests.end_to_end.fixtures import temporal
from tests.end_to_end.stage import new_namespace

__all__ = ["temporal"]

DOCKER = """#!/bin/sh
echo "$*" >>"$LOG"
case "$*" in
    "compose ps --quiet worker") printf 'old1\\nold2\\n' ;;
    *deploy.promote) exit "${PROMOTED:-0}" ;;
esac
"""


def rolled_out(folder: Path, **env: str) -> tuple[int, list[str]]:
    """Run the script with a docker that only notes what it is told: exit status, and what it was told."""
    docker, log = folder / "docker", folder / "log"
    docker.write_text(DOCKER, encoding="utf-8")
    docker.chmod(0o755)
    done = subprocess.run(
        ["sh", str(ROOT / "deploy" / "roll-out.sh")],
        env={"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "LOG": str(log), **env},
        capture_output=True,
        check=False,
    )
    return done.returncode, log.read_text(encoding="utf-8").splitlines()


def test_the_old_workers_go_last(tmp_path: Path) -> None:
    status, told = rolled_out(tmp_path, WORKERS="3")
    assert status == 0
    assert told == [
        "compose ps --quiet worker",
        "compose build worker",
        "compose run --rm --no-deps prepare",
        "compose up --detach --no-deps --no-recreate --scale worker=5 worker",
        "compose run --rm --no-deps prepare python -m deploy.promote",
        *("stop old1", "rm old1", "stop old2", "rm old2"),
    ]


def test_the_old_workers_stay_when_the_new_ones_do_not_get_the_work(tmp_path: Path) -> None:
    status, told = rolled_out(tmp_path, PROMOTED="1")
    assert status == 1
    assert "promote" in told[-1]


def test_the_build_is_named_as_its_image() -> None:
    _, _, tag = service("worker")["image"].partition(":")
    assert service("worker")["environment"]["KINGPOST_WORKER__BUILD_ID"] == tag


@activity.defn
async def nothing() -> None:
    """Some work."""


def running(client: Client, build_id: str) -> Worker:
    """A worker of a build."""
    deployment = builds.versioned(build_id)
    return Worker(client, task_queue="some", activities=[nothing], deployment_config=deployment)


async def test_a_build_without_workers_gets_no_work(temporal: str) -> None:
    client = await Client.connect(temporal, namespace=await new_namespace(temporal))
    assert await builds.current(client) is None
    with pytest.raises(TimeoutError):
        await builds.make_current(client, "1.0", patience=0.1)
    assert await builds.current(client) is None


async def test_promoting_again_changes_nothing(temporal: str) -> None:
    namespace = await new_namespace(temporal)
    client = await Client.connect(temporal, namespace=namespace)
    settings = Settings(temporal=TemporalSettings(address=temporal, namespace=namespace))
    async with running(client, "1.0"):
        assert await promote(settings, "1.0") is None
        assert await promote(settings, "1.0") == "1.0"
        async with running(client, "2.0"):
            await builds.ensure_current(client, "2.0")
            assert await builds.current(client) == "1.0", "only the very first build takes the work by itself"
            assert await promote(settings, "2.0") == "1.0"
            assert await builds.current(client) == "2.0"
