"""Documents that are under way while a new version is rolled out go on as if nothing had happened."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

import worker
from tests.replay.record import HISTORIES, IDENTITY, IMPATIENT, read
from tests.replay.stories import STORIES
from tests.replay.variant import ImpatientDocument

RECORDED = sorted(HISTORIES.glob("*.json"))


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    return Replayer(workflows=worker.WORKFLOWS, data_converter=pydantic_data_converter)


def test_every_story_is_recorded() -> None:
    assert {path.stem for path in RECORDED} == set(STORIES)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(replayer: Replayer, path: Path) -> None:
    await replayer.replay_workflow(read(path))


async def test_a_history_of_another_order_of_steps_is_noticed(replayer: Replayer) -> None:
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(read(IMPATIENT))


async def test_what_is_noticed_is_the_order_and_not_the_recording() -> None:
    impatient = Replayer(workflows=[ImpatientDocument], data_converter=pydantic_data_converter)
    await impatient.replay_workflow(read(IMPATIENT))


async def test_a_history_of_ours_is_noticed_by_another_order_of_steps() -> None:
    impatient = Replayer(workflows=[ImpatientDocument], data_converter=pydantic_data_converter)
    with pytest.raises(NondeterminismError):
        await impatient.replay_workflow(read(HISTORIES / "posted.json"))


def _leaves(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value, key)
    else:
        yield key, node


@pytest.mark.parametrize("path", [*RECORDED, IMPATIENT], ids=lambda path: path.stem)
def test_a_recording_tells_nothing_of_the_machine_it_was_made_on(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    leaves = list(_leaves(json.loads(text)))
    assert {value for key, value in leaves if key == "identity"} == {IDENTITY}
    assert not [value for key, value in leaves if key == "stackTrace"]
    assert socket.gethostname() not in [part for _, value in leaves for part in re.split(r"[@/]", str(value))]
    assert not re.search(r"\.py\b|/home/|/work/|/root/|/Users/|site-packages|localhost|127\.0\.0\.1", text)
