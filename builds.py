"""Which build of the workers gets the work: worker versioning, for deployments without a pause (requirement O6).

Workers of a build that is named poll for their own build only. One build is *current*: it gets everything new, and what
is under way moves over to it at its next step. So a new build starts beside the old one, becomes current, and then the
old one may go.

Every workflow moves along (AUTO_UPGRADE); none is kept on the build it began with (PINNED):

* A document waits for people, some for weeks, and a pause may last for days. No build can be kept running for them.
* An intake is short enough to end where it began. But one whose build was stopped too early would stand still, and its
  schedule with it, for good; moving along costs nothing, since `tests/replay` holds every change to old histories.
"""

from __future__ import annotations

import asyncio

from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

DEPLOYMENT = "kingpost"
"""Name of our worker deployment at Temporal."""

_LOOK_AGAIN = 0.5
_NOT_YET = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)
"""The server has not heard of the build, or not on every task queue that the current one serves."""


def versioned(build_id: str | None) -> WorkerDeploymentConfig | None:
    """How the workers of a build present themselves; None: they take whatever there is, as one never rolled out."""
    if build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=build_id),
        use_worker_versioning=True,
        # For every workflow. They do not say it themselves: a worker without a build could not run them then.
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def current(client: Client) -> str | None:
    """The current build; None when there is none (yet)."""
    try:
        found = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None
    return found.worker_deployment_info.routing_config.current_deployment_version.build_id or None


async def make_current(client: Client, build_id: str, patience: float = 60) -> None:
    """Give a build everything from now on. Its workers are waited for; doing it again changes nothing.

    Args:
        patience: seconds its workers have to be heard of.

    Raises:
        TimeoutError: they were not heard of, or not on every task queue the current build serves.
        RPCError: Temporal refuses.
    """
    wanted = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=DEPLOYMENT, build_id=build_id, identity=client.identity
    )
    async with asyncio.timeout(patience):
        while True:
            try:
                await client.workflow_service.set_worker_deployment_current_version(wanted)
            except RPCError as error:
                if error.status not in _NOT_YET:
                    raise
                await asyncio.sleep(_LOOK_AGAIN)
            else:
                return


async def ensure_current(client: Client, build_id: str) -> None:
    """Make a build current if none is: the very first has nobody to take over from, and nobody would get any work."""
    if await current(client) is None:
        await make_current(client, build_id)
