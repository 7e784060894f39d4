"""A transfer in two legs (requirement F09): goods leave, are on the way, and arrive; or the first leg is undone.

Every step looks where the transfer stands, does no more than what is left to do, and looks again. It may be called any
number of times.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.listings import TRANSFERS
from connectors.jushuitan.replies import JushuitanCode, bad_reply, fault
from connectors.jushuitan.stock_models import TransferDocument, TransferType
from connectors.jushuitan.verdicts import is_accepted
from domain.documents import Frozen
from domain.faults import Fault, FaultKind

CONFIRM = "/open/jushuitan/allocate/confirm"
CANCEL = "/open/jushuitan/allocate/cancel/v2"


class Leg(StrEnum):
    """How far the goods of a transfer have come."""

    PLANNED = "planned"
    """Both halves are there, nothing has moved."""
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    TAKEN_BACK = "taken_back"


class Transfer(Frozen):
    """Both halves of a transfer as the vendor has them."""

    out: TransferDocument
    into: TransferDocument

    @property
    def leg(self) -> Leg:
        if self.into.status.took_effect:
            return Leg.ARRIVED
        if self.out.status.was_taken_back or self.into.status.was_taken_back:
            return Leg.TAKEN_BACK
        return Leg.ON_THE_WAY if self.out.status.took_effect else Leg.PLANNED

    @property
    def on_the_way(self) -> dict[str, Decimal]:
        """Pieces by goods code that left and have not arrived."""
        if self.leg is not Leg.ON_THE_WAY:
            return {}
        pieces: dict[str, Decimal] = {}
        for item in self.out.items:
            pieces[item.sku_id] = pieces.get(item.sku_id, Decimal(0)) + item.qty
        return pieces


class TransferLegs:
    """The steps of transfers that were written with `NewTransfer.at_once` false, by our number of them."""

    def __init__(self, client: JushuitanClient) -> None:
        self._client = client

    async def find(self, number: str) -> Transfer | None:
        """The transfer as it is now; None when there is none of that number."""
        halves: dict[TransferType, TransferDocument] = {}
        for half in await self._halves("so_ids", number):
            if half.so_id == number:
                halves[half.type] = half
        known = next(iter(halves.values()), None)
        if known is None:
            return None
        if len(halves) == 1 and known.link_io_id:
            # The number stands on one half only; the other is found by its id.
            for half in await self._halves("io_ids", known.link_io_id):
                halves.setdefault(half.type, half)
        if len(halves) != len(TransferType):
            raise bad_reply(f"transfer {number} has one half only")
        return Transfer(out=halves[TransferType.OUT], into=halves[TransferType.IN])

    async def send(self, number: str) -> Transfer:
        """Let the goods leave. Raises `Fault` refused, e.g. for want of stock, or when it was taken back."""
        return await self._step(number, Leg.ON_THE_WAY, {Leg.PLANNED})

    async def arrive(self, number: str, counted: Mapping[str, Decimal] | None = None) -> Transfer:
        """Let the goods come in, all of them or so many pieces by goods code. Raises `Fault` refused."""
        return await self._step(number, Leg.ARRIVED, {Leg.ON_THE_WAY}, counted)

    async def take_back(self, number: str) -> Transfer:
        """Undo the first leg: what left is back where it was. Raises `Fault` refused when the goods have arrived."""
        return await self._step(number, Leg.TAKEN_BACK, {Leg.PLANNED, Leg.ON_THE_WAY})

    async def _step(
        self, number: str, goal: Leg, before: set[Leg], counted: Mapping[str, Decimal] | None = None
    ) -> Transfer:
        transfer = await self._known(number)
        if _is_there(transfer.leg, goal):
            return transfer
        if transfer.leg not in before:
            raise _refused(f"transfer {number} is {transfer.leg}, it cannot become {goal}")
        try:
            await self._do(transfer, goal, counted)
        except Fault as failed:
            if failed.kind is not FaultKind.REFUSED:
                raise
            transfer = await self._known(number)
            if not _is_there(transfer.leg, goal):
                raise
            return transfer
        transfer = await self._known(number)
        if not _is_there(transfer.leg, goal):
            raise bad_reply(f"transfer {number} was said to be {goal} and is {transfer.leg}")
        return transfer

    async def _do(self, transfer: Transfer, goal: Leg, counted: Mapping[str, Decimal] | None) -> None:
        half = transfer.into if goal is Leg.ARRIVED else transfer.out
        body: dict[str, Any] = {"io_id": int(half.io_id)}
        if counted is not None:
            body["items"] = [{"sku_id": sku_id, "qty": qty} for sku_id, qty in counted.items()]
        reply = await self._client.call(CANCEL if goal is Leg.TAKEN_BACK else CONFIRM, body)
        if not is_accepted(reply):
            raise _refused(str(reply.get("msg") or ""))

    async def _known(self, number: str) -> Transfer:
        transfer = await self.find(number)
        if transfer is None:
            raise _refused(f"no transfer {number}")
        return transfer

    async def _halves(self, by: str, value: str) -> list[TransferDocument]:
        ids: list[int | str] = [int(value) if by == "io_ids" else value]
        try:
            return [
                TransferDocument.model_validate(row)
                async for page in self._client.read(TRANSFERS, {}, ids={by: ids})
                for row in page.rows
            ]
        except ValidationError as error:
            raise bad_reply(f"a row that is no transfer: {error.errors()[0]['loc']}") from error


def _is_there(leg: Leg, goal: Leg) -> bool:
    """Goods that arrived have left as well."""
    return leg is goal or (goal is Leg.ON_THE_WAY and leg is Leg.ARRIVED)


def _refused(message: str) -> Fault:
    return fault(FaultKind.REFUSED, JushuitanCode.BUSINESS_RULE, message)
