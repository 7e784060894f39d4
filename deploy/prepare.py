"""Run once before the workers of a server start: our tables, and our namespace at Temporal.

``python -m deploy.prepare --retention-days 30``. Doing it again changes nothing. Exit status 2 and one sentence when
the configuration is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

import settings as configuration
from leaving import leave
from settings import Settings
from store.migrate import migrate
from worker import connect

_LOOK_AGAIN = 0.5
"""Seconds between looks for a new namespace."""
_PATIENCE = 60.0
"""Seconds a namespace has to become usable; the server reads its list of them every ten."""


async def prepare(settings: Settings, retention: timedelta) -> None:
    """Bring the store to the tables this code needs, and see to it that the namespace is there and usable.

    Args:
        retention: how long a new namespace keeps finished workflows; one that exists keeps its own.

    Raises:
        RPCError: Temporal refuses.
        TimeoutError: the namespace did not become usable.
    """
    await asyncio.to_thread(migrate, settings.store_url.get_secret_value())
    client = await connect(settings)
    await _register(client, retention)
    async with asyncio.timeout(_PATIENCE):
        await _until_usable(client)


async def _register(client: Client, retention: timedelta) -> None:
    period = Duration()
    period.FromTimedelta(retention)
    try:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(namespace=client.namespace, workflow_execution_retention_period=period)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


async def _until_usable(client: Client) -> None:
    while True:
        try:
            await client.count_workflows()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        else:
            return
        await asyncio.sleep(_LOOK_AGAIN)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.prepare", description="数据库表与命名空间 / tables, namespace"
    )
    parser.add_argument("--retention-days", type=int, default=30, help="已结束流程的保留天数 / of finished workflows")
    days: int = parser.parse_args().retention_days
    try:
        settings = configuration.load()
    except configuration.Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    asyncio.run(prepare(settings, timedelta(days=days)))
    leave(0)


if __name__ == "__main__":
    main()
