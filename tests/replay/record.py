"""Record the histories that the replay tests replay.

Run by a developer from the root of the repository, and only when a story is new or the workflows were changed in a way
that running documents need not survive (before a first release, or behind a new workflow name)::

    python -m tests.replay.record            # all stories
    python -m tests.replay.record posted     # some

It starts Temporal's dev server, lets each story of `tests.replay.stories` happen on it and writes its history as JSON.
Whatever tells of the machine (stack traces) is left out; every identity is `recorder`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

from activities.retrying import Patience
from leaving import leave
from tests.replay.stories import STORIES, posted
from tests.replay.variant import ImpatientDocument
from tests.workflows.house import dev_house

HISTORIES = Path(__file__).parent / "histories"
IMPATIENT = Path(__file__).parent / "impatient.json"
IDENTITY = "recorder"


def _written(history: WorkflowHistory) -> str:
    document = {"workflow_id": history.workflow_id, "history": _without_traces(json.loads(history.to_json()))}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read(path: Path) -> WorkflowHistory:
    """A recorded history."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return WorkflowHistory.from_json(document["workflow_id"], document["history"])


def _without_traces(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_traces(value) for key, value in node.items() if key != "stackTrace"}
    if isinstance(node, list):
        return [_without_traces(value) for value in node]
    return node


async def record(names: list[str]) -> None:
    """Write the histories of these stories; and of the impatient workflow when all are asked for."""
    HISTORIES.mkdir(exist_ok=True)
    async with dev_house(identity=IDENTITY) as house:
        house.steps.patience = Patience(transient_wait=0.001, throttled_wait=0.001, rate_wait=0.001)
        for name in names or STORIES:
            (HISTORIES / f"{name}.json").write_text(_written(await STORIES[name](house)), encoding="utf-8")
    if not names:
        async with dev_house(ImpatientDocument, identity=IDENTITY) as house:
            IMPATIENT.write_text(_written(await posted(house)), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
    leave(0)
