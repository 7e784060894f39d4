"""What a run came to, also written as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from chaos.hands import Hands
from chaos.house import House, ask
from demo.report import number_of
from domain.documents import DocumentState
from domain.journal import DocumentRecord

_COUNTED_BY_SANDBOXES = "faults"


class Audit(BaseModel):
    """The judgement of the sandbox world, made from source orders and ERP bills; see `sandbox.world.judgement`."""

    lost: list[str]
    duplicated: list[str]
    half_done: list[str]
    stock_off: list[str]
    amount_off: list[str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wrong."""
        return not any((self.lost, self.duplicated, self.half_done, self.stock_off, self.amount_off))


class Report(BaseModel):
    """documents = posted + held + reversed + skipped.

    Attributes:
        held_reasons: how many documents wait, by reason.
        faults: what went wrong, by kind: calls by `FaultRule.name`, acts by name.
        worker_deaths: exit statuses of workers that ended by themselves; each was started again.
        under_fire: documents that were posted while everything failed.
        seconds: from the first document to the last one settled.
    """

    model_config = ConfigDict(frozen=True)

    documents: int
    posted: int
    held: int
    reversed: int
    skipped: int
    held_reasons: dict[str, int]
    faults: dict[str, int]
    worker_kills: int
    server_kills: int
    worker_deaths: list[int]
    under_fire: int
    audit: Audit
    seed: int
    seconds: float

    @property
    def is_clean(self) -> bool:
        """Whether the books are right and every document is accounted for."""
        return self.audit.is_empty and self.documents == self.posted + self.held + self.reversed + self.skipped


async def count_faults(house: House, hands: Hands) -> dict[str, int]:
    """Everything that went wrong so far, by kind."""
    faults = Counter(hands.done)
    for sandbox in house.sandboxes.values():
        faults.update((await sandbox.get("/_sandbox/stats")).json()[_COUNTED_BY_SANDBOXES])
    return {name: number for name, number in sorted(faults.items()) if number}


async def make_report(house: House, hands: Hands, *, seed: int, seconds: float, under_fire: int) -> Report:
    """Have the books judged and count what became of the documents."""
    records = await house.shop.store.list_documents(limit=1_000_000)
    states = Counter(record.state for record in records)
    return Report(
        documents=len(house.numbers),
        posted=states[DocumentState.POSTED],
        held=states[DocumentState.HELD],
        reversed=states[DocumentState.REVERSED],
        skipped=states[DocumentState.SKIPPED],
        held_reasons=dict(Counter(record.hold.reason.value for record in records if record.hold is not None)),
        faults=await count_faults(house, hands),
        worker_kills=sum(worker.kills for worker in house.workers),
        server_kills=house.server.kills,
        worker_deaths=[status for worker in house.workers for status in worker.deaths],
        under_fire=under_fire,
        audit=Audit.model_validate(await ask(house.world, "/judge", claims(records))),
        seed=seed,
        seconds=round(seconds, 1),
    )


def claims(records: Sequence[DocumentRecord]) -> Mapping[str, object]:
    """What the product says of the documents it did not post."""
    settled = (DocumentState.SKIPPED, DocumentState.REVERSED)
    return {
        "held": {number_of(record): record.hold.reason.value for record in records if record.hold is not None},
        "settled": [number_of(record) for record in records if record.state in settled],
    }
