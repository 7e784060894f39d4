"""Is the worker of this container well? It is if Temporal has lately been asked for work from here.

``python -m deploy.health``. Exit status 0 if so, else 1 and one sentence.
"""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

import settings as configuration
from activities.starting import WORKFLOW_QUEUE
from leaving import leave
from settings import Settings

LATELY = timedelta(seconds=150)
"""An idle worker asks at least once a minute; this leaves it room to miss one."""


async def is_well(settings: Settings, host: str) -> bool:
    """Whether a worker of this host has asked for workflow tasks lately.

    Args:
        host: name of the host; the SDK's identity of a worker is ``process@host``.

    Raises:
        RPCError, RuntimeError: Temporal cannot be asked.
    """
    temporal = settings.temporal
    client = await Client.connect(
        temporal.address,
        namespace=temporal.namespace,
        tls=temporal.tls,
        api_key=temporal.api_key.get_secret_value() if temporal.api_key else None,
    )
    queue = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=WORKFLOW_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    since = datetime.now(UTC) - LATELY
    return any(
        poller.identity.partition("@")[2] == host and poller.last_access_time.ToDatetime(UTC) >= since
        for poller in queue.pollers
    )


def main() -> None:
    """The command."""
    try:
        settings = configuration.load()
    except configuration.Misconfigured as error:
        raise SystemExit(str(error)) from None
    try:
        well = asyncio.run(is_well(settings, socket.gethostname()))
    except (RPCError, RuntimeError) as error:
        leave(1, f"Temporal cannot be asked: {error}")
    if not well:
        leave(1, f"No worker of this host has asked for work in the last {LATELY.seconds} seconds.")
    leave(0)


if __name__ == "__main__":
    main()
