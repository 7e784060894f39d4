"""Give all work to the build this runs from: the step of a roll-out between *new workers are up* and *old ones may go*.

``python -m deploy.promote``. Doing it again changes nothing. Exit status 2 and one sentence when the configuration is
wrong or names no build, 1 when the workers of this build are not there.
"""

from __future__ import annotations

import asyncio

from temporalio.service import RPCError

import settings as configuration
from builds import current, make_current
from leaving import leave
from settings import Settings
from worker import Unreachable, connect


async def promote(settings: Settings, build_id: str) -> str | None:
    """Make the build current. Returns the one that was.

    Raises:
        Unreachable, RPCError, TimeoutError: see `worker.connect` and `builds.make_current`.
    """
    client = await connect(settings)
    before = await current(client)
    await make_current(client, build_id)
    return before


def main() -> None:
    """The command."""
    try:
        settings = configuration.load()
    except configuration.Misconfigured as error:
        leave(2, str(error))
    build_id = settings.worker.build_id
    if build_id is None:
        leave(2, "Setting worker.build_id (KINGPOST_WORKER__BUILD_ID) is missing: expected the name of this build.")
    try:
        before = asyncio.run(promote(settings, build_id))
    except TimeoutError:
        leave(1, f"Temporal has not heard of workers of build {build_id} on every task queue: are they up?")
    except (Unreachable, RPCError) as error:
        leave(1, str(error))
    leave(0, f"{before or '(none)'} -> {build_id}")


if __name__ == "__main__":
    main()
