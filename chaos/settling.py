"""After the faults: wait until nothing moves, let people resume what was held for a passing reason, wait again."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from chaos import people
from chaos.house import House
from demo.rest import at_rest, read_since
from domain.documents import DocumentState
from domain.journal import DocumentRecord

_LOOK_AGAIN = 0.5
_MOVING = (DocumentState.RECEIVED, DocumentState.RUNNING)
_AT_ONCE = 32
_ROUNDS = 6
"""Times people resume what is held; each time fewer are, until only true reasons are left."""


class NeverAtRest(Exception):
    """Something still moves, or waits unheard, long after the last fault; names what."""


async def settle(house: House, patience: float) -> None:
    """Ends when every document is done with, or waits for a reason that resuming does not change.

    Args:
        patience: seconds that each wait for rest may take.

    Raises:
        NeverAtRest: what moves still, or again and again.
    """
    before: set[tuple[str, str]] | None = None
    for _ in range(_ROUNDS):
        await _rest(house, patience)
        held = await people.held_in_passing(house.shop)
        waits = {(record.key.workflow_id, record.hold.en) for record in held if record.hold is not None}
        if waits == before or not held:
            return
        before = waits
        await _resume(house, held)
    raise NeverAtRest(f"{len(held)} documents are held anew each time they are resumed, e.g. {sorted(waits)[0]}")


async def _rest(house: House, patience: float) -> None:
    calm_since = datetime.now(UTC)
    ends = time.monotonic() + patience
    client, store = house.shop.client, house.shop.store
    # Temporal is asked only when the store has nothing against it: asking costs more than the work that is left.
    while (
        await people.renew_connections(house.shop)
        or await _moves(house)
        or not (await read_since(client, calm_since) and await at_rest(client, store))
    ):
        if time.monotonic() > ends:
            raise NeverAtRest(await _still_moving(house))
        await asyncio.sleep(_LOOK_AGAIN)


async def _moves(house: House) -> bool:
    return any(count.state in _MOVING for count in await house.shop.store.counts())


async def _resume(house: House, held: list[DocumentRecord]) -> None:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(record: DocumentRecord) -> None:
        async with slots:
            await people.resume(house.shop, record, "the cause is gone")

    try:
        async with asyncio.TaskGroup() as group:
            for record in held:
                group.create_task(one(record))
    except* people.Unheard as unheard:
        raise NeverAtRest("; ".join(str(error) for error in unheard.exceptions)) from None


async def _still_moving(house: House) -> str:
    store = house.shop.store
    moving = [
        record.key.workflow_id for state in _MOVING for record in await store.list_documents(state=state, limit=10)
    ]
    due = [document.key.workflow_id for document in await store.due(10)]
    return (
        f"nothing came to rest in time; moving: {', '.join(moving) or 'none'}; not started: {', '.join(due) or 'none'}"
    )
