"""The floor's worker, with the settings of the product's. Run as ``python -m bench.floor_worker``."""

from __future__ import annotations

import asyncio
import signal

import httpx

import logs
import settings as configuration
from bench.floor import FLOOR_POSTS_QUEUE, FLOOR_QUEUE, FloorSteps, FloorWorkflow
from settings import Settings
from worker import connect, worker_on


async def run(settings: Settings) -> None:
    """Work until told to stop by SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client, tuning = await connect(settings), settings.worker
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        worker_on(client, tuning, FLOOR_QUEUE, workflows=[FloorWorkflow]),
        worker_on(client, tuning, FLOOR_POSTS_QUEUE, activities=[FloorSteps(http).post_once]),
    ):
        await stop.wait()


if __name__ == "__main__":
    logs.configure()
    asyncio.run(run(configuration.load()))
