"""Batches that fail as a whole because of one of theirs are divided until it stands alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from connectors.galaxy.envelope import GalaxyCode
from connectors.galaxy.verdicts import Verdicts
from domain.faults import Fault, FaultKind

Item = TypeVar("Item")


async def divided(
    items: Sequence[Item], once: Callable[[Sequence[Item]], Awaitable[Verdicts]], number: Callable[[Item], str]
) -> Verdicts:
    """Carry out a batch; if it fails as a whole, and one item may be to blame, do it again by halves.

    The work must bear repetition. An unhandled server exception in both halves is taken for a sick server, not for
    two bad bills, and ends it: those items fail for now.

    Args:
        once: one call for some of the items; a verdict by number, or a fault of the call as a whole.

    Raises:
        Fault: the first call failed in a way that dividing cannot cure.
    """
    try:
        return await once(items)
    except Fault as fault:
        if not _one_may_be_to_blame(fault):
            raise
        if len(items) == 1:
            return {number(items[0]): fault}
        return await _by_halves(items, once, number)


async def _by_halves(
    items: Sequence[Item], once: Callable[[Sequence[Item]], Awaitable[Verdicts]], number: Callable[[Item], str]
) -> Verdicts:
    middle = len(items) // 2
    verdicts: Verdicts = {}
    failed: list[tuple[Sequence[Item], Fault]] = []
    for half in (items[:middle], items[middle:]):
        try:
            verdicts |= await once(half)
        except Fault as fault:
            verdicts |= {number(item): fault for item in half}
            if _one_may_be_to_blame(fault):
                failed.append((half, fault))
    if len(failed) == 2 and all(fault.code == GalaxyCode.SERVER_EXCEPTION for _, fault in failed):
        return verdicts
    for half, _ in failed:
        if len(half) > 1:
            verdicts |= await _by_halves(half, once, number)
    return verdicts


def _one_may_be_to_blame(fault: Fault) -> bool:
    return fault.kind is FaultKind.INVALID or fault.code in (GalaxyCode.EXCEPTION, GalaxyCode.SERVER_EXCEPTION)
