"""Writing into Jushuitan, each document exactly once by the caller's own number (sections 8, 9, 10 and 13).

Before a document is written, its number is looked for: a call before this one may have written it, though its answer
never came. A document that is refused is looked for again, since the vendor may refuse a number because it has it.
The vendor's own rule (one document for each number) stands behind that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from connectors.jushuitan.bodies import (
    Body,
    combined_body,
    goods_body,
    shop_goods_body,
    stock_body,
    supplier_body,
)
from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.new_documents import (
    NewCombined,
    NewDocument,
    NewGoods,
    NewOther,
    NewPurchaseIn,
    NewPurchaseOrder,
    NewPurchaseReturn,
    NewShopGoods,
    NewStock,
    NewSupplier,
    NewTransfer,
)
from connectors.jushuitan.replies import JushuitanCode, bad_reply
from connectors.jushuitan.upload_apis import (
    AREA_TRANSFER_UPLOAD,
    OTHER_UPLOAD,
    PURCHASE_IN_UPLOAD,
    PURCHASE_ORDER_UPLOAD,
    PURCHASE_RETURN_UPLOAD,
    TRANSFER_UPLOAD,
    N,
    R,
    Upload,
)
from connectors.jushuitan.verdicts import Outcome, RowResult, Verdict, is_accepted, row_results
from domain.faults import Fault

_ABOUT_THE_DOCUMENT = frozenset(
    (JushuitanCode.BUSINESS_RULE, JushuitanCode.UNKNOWN_SHOP, JushuitanCode.PARAMETER, JushuitanCode.CLOCK)
)
"""Codes of a refused call that speak of what was sent in it; the others speak of the account or the way there."""


class MerchantWriter:
    """Writes documents, stock and goods. Answers one verdict for each, in the order given.

    All raise `Fault` when the call itself failed: call again with the same numbers, nothing is written twice.
    """

    def __init__(self, client: JushuitanClient) -> None:
        self._client = client
        self._rows = client.access.rows_per_upload

    async def others(self, documents: Sequence[NewOther]) -> list[Verdict]:
        """Goods in or out for another reason (section 9.6)."""
        return await self._write(OTHER_UPLOAD, documents)

    async def transfers(self, documents: Sequence[NewTransfer]) -> list[Verdict]:
        """Goods from one place to another (section 9.5). A verdict's id is that of the half that goes out."""
        inside = [new for new in documents if new.from_wms_co_id == new.to_wms_co_id]
        between = [new for new in documents if new.from_wms_co_id != new.to_wms_co_id]
        _one_number_each(documents)
        verdicts = [*await self._write(TRANSFER_UPLOAD, between), *await self._write(AREA_TRANSFER_UPLOAD, inside)]
        return _in_order(documents, {verdict.number: verdict for verdict in verdicts})

    async def purchase_ins(self, documents: Sequence[NewPurchaseIn]) -> list[Verdict]:
        """Goods of purchases that came in (section 10.7)."""
        return await self._write(PURCHASE_IN_UPLOAD, documents)

    async def purchase_returns(self, documents: Sequence[NewPurchaseReturn]) -> list[Verdict]:
        """Goods of purchases that go back (section 10.8)."""
        return await self._write(PURCHASE_RETURN_UPLOAD, documents)

    async def purchase_orders(self, documents: Sequence[NewPurchaseOrder]) -> list[Verdict]:
        """Orders to suppliers (section 10.6)."""
        return await self._write(PURCHASE_ORDER_UPLOAD, documents)

    async def stock(self, new: NewStock) -> Verdict:
        """Opening stock or a difference (section 9.3). The vendor answers a repeated number with the first result."""
        try:
            reply = await self._client.call("/open/jushuitan/inventoryv2/upload", stock_body(new))
        except Fault as refused:
            return _refusal(new.number, refused)
        row = _only_row(reply)
        outcome = Outcome.WRITTEN if row.accepted else Outcome.REFUSED
        return Verdict(number=new.number, outcome=outcome, id=row.text("io_id") or None, message=row.message)

    async def goods(self, goods: Sequence[NewGoods]) -> list[Verdict]:
        """Goods by their code, new or changed (section 8.5); writing them again changes nothing."""
        rows = [(new.sku_id, goods_body(new, self._client.access.customs)) for new in goods]
        return await self._upsert("/open/jushuitan/itemsku/upload", "sku_id", rows, wrapped=True)

    async def suppliers(self, suppliers: Sequence[NewSupplier]) -> list[Verdict]:
        """Suppliers by our code (section 8.4). A verdict's id is the number that purchases want."""
        rows = [(new.code, supplier_body(new)) for new in suppliers]
        return await self._upsert("/open/supplier/upload", "supplier_code", rows, wrapped=False)

    async def shop_goods(self, listings: Sequence[NewShopGoods]) -> list[Verdict]:
        """What one shop calls goods (section 8.7), by the shop's own code. Raises ValueError for several shops."""
        if len({new.shop_id for new in listings}) > 1:
            raise ValueError("listings of several shops: their codes may be the same")
        rows = [(new.shop_sku_id, shop_goods_body(new)) for new in listings]
        return await self._upsert("/open/jushuitan/skumap/upload", "shop_sku_id", rows, wrapped=True)

    async def combined(self, goods: Sequence[NewCombined]) -> list[Verdict]:
        """Combined goods (section 8.6). The vendor takes all of a call or none, so each is sent by itself."""
        verdicts = []
        for new in goods:
            try:
                reply = await self._client.call("/open/item/combinesku/upload", {"items": [combined_body(new)]})
            except Fault as refused:
                verdicts.append(_refusal(new.sku_id, refused))
                continue
            outcome = Outcome.WRITTEN if is_accepted(reply) else Outcome.REFUSED
            verdicts.append(Verdict(number=new.sku_id, outcome=outcome, message=str(reply.get("msg") or "")))
        return verdicts

    async def _write(self, upload: Upload[N, R], documents: Sequence[N]) -> list[Verdict]:
        _one_number_each(documents)
        verdicts = await self._look(upload, documents)
        missing = [new for new in documents if new.number not in verdicts]
        size = self._rows if upload.takes_rows else 1
        for start in range(0, len(missing), size):
            verdicts |= await self._send(upload, missing[start : start + size])
        return _in_order(documents, verdicts)

    async def _look(self, upload: Upload[N, R], documents: Sequence[N]) -> dict[str, Verdict]:
        """Verdicts of those documents that the vendor has."""
        wanted = {new.number: new for new in documents}
        if not wanted:
            return {}
        verdicts: dict[str, Verdict] = {}
        async for page in self._client.read(upload.listing, upload.asked, ids={"so_ids": list(wanted)}):
            for row in page.rows:
                number = str(row.get("so_id") or "")
                if number not in wanted or (number in verdicts and verdicts[number].stands):
                    continue
                verdicts[number] = _compared(upload, wanted[number], row)
        return verdicts

    async def _send(self, upload: Upload[N, R], documents: Sequence[N]) -> dict[str, Verdict]:
        bodies = [upload.body(new) for new in documents]
        try:
            reply = await self._client.call(upload.path, bodies if upload.takes_rows else bodies[0])
        except Fault as refused:
            if refused.code not in _ABOUT_THE_DOCUMENT:
                raise
            if len(documents) > 1:  # one of them is wrong, and nobody says which
                verdicts = await self._look(upload, documents)
                for new in documents:
                    if new.number not in verdicts:
                        verdicts |= await self._send(upload, [new])
                return verdicts
            return await self._looked_again(upload, documents, [_refusal(documents[0].number, refused)])
        told = _told(upload, documents, row_results(reply))
        if len(told) < len(documents) and not is_accepted(reply):
            message = str(reply.get("msg") or "")
            rest = [new.number for new in documents if new.number not in {verdict.number for verdict in told}]
            told += [Verdict(number=number, outcome=Outcome.REFUSED, message=message) for number in rest]
        return await self._looked_again(upload, documents, told)

    async def _looked_again(
        self, upload: Upload[N, R], documents: Sequence[N], told: Sequence[Verdict]
    ) -> dict[str, Verdict]:
        """What the vendor told, and what it has of those it refused or said nothing of."""
        verdicts = {verdict.number: verdict for verdict in told}
        unsure = [new for new in documents if new.number not in verdicts or not verdicts[new.number].stands]
        verdicts |= await self._look(upload, unsure)
        silent = [new.number for new in documents if new.number not in verdicts]
        if silent:
            raise bad_reply(f"{upload.path} said nothing of {', '.join(silent)}")
        return verdicts

    async def _upsert(self, path: str, key: str, bodies: Sequence[tuple[str, Body]], *, wrapped: bool) -> list[Verdict]:
        """Rows that may be written any number of times, by their codes."""
        if len(dict(bodies)) != len(bodies):
            raise ValueError("two rows with one code")
        verdicts: dict[str, Verdict] = {}
        for start in range(0, len(bodies), self._rows):
            some = bodies[start : start + self._rows]
            rows = [body for _, body in some]
            reply = await self._client.call(path, {"items": rows} if wrapped else rows)
            for row in row_results(reply):
                code, outcome = row.text(key), Outcome.WRITTEN if row.accepted else Outcome.REFUSED
                verdicts[code] = Verdict(number=code, outcome=outcome, id=row.text("id") or None, message=row.message)
            silent = [code for code, _ in some if code not in verdicts]
            if silent:
                raise bad_reply(f"{path} said nothing of {', '.join(silent)}")
        return [verdicts[code] for code, _ in bodies]


def _told(upload: Upload[N, R], documents: Sequence[N], rows: Sequence[RowResult]) -> list[Verdict]:
    """What the rows of an answer say of the documents sent."""
    numbers = {new.number for new in documents}
    verdicts = []
    for row in rows:
        number = row.text(upload.number)
        if not number and len(numbers) == len(rows) == 1:
            number = documents[0].number
        if number in numbers:
            verdicts.append(
                Verdict(
                    number=number,
                    outcome=Outcome.WRITTEN if row.accepted else Outcome.REFUSED,
                    id=row.text("io_id") or row.text("po_id") or None,
                    message=row.message,
                )
            )
    return verdicts


def _compared(upload: Upload[N, R], new: N, row: Mapping[str, Any]) -> Verdict:
    """Whether what the vendor has under our number is what we want."""
    try:
        there = upload.model.model_validate(row)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        return Verdict(number=new.number, outcome=Outcome.TAKEN, message=f"cannot be read: {place}")
    status = there.status.value
    known = {"number": new.number, "id": upload.id_of(there), "status": status}
    if there.status.was_taken_back:
        return Verdict(**known, outcome=Outcome.TAKEN, message=status)
    differs = upload.wanted(new).difference(upload.found(there))
    if differs:
        return Verdict(**known, outcome=Outcome.TAKEN, message=differs)
    as_meant = there.status.took_effect or not upload.at_once(new)
    return Verdict(**known, outcome=Outcome.FOUND if as_meant else Outcome.WAITING, message=status)


def _refusal(number: str, refused: Fault) -> Verdict:
    """The verdict of a call that was refused for what was in it. Raises the fault when it was not."""
    if refused.code not in _ABOUT_THE_DOCUMENT:
        raise refused
    return Verdict(number=number, outcome=Outcome.REFUSED, message=refused.message, code=refused.code)


def _only_row(reply: Mapping[str, Any]) -> RowResult:
    rows = row_results(reply)
    if len(rows) != 1:
        raise bad_reply("an upload of one document was not answered with one result")
    return rows[0]


def _one_number_each(documents: Sequence[NewDocument]) -> None:
    if len({new.number for new in documents}) != len(documents):
        raise ValueError("two documents with one number")


def _in_order(documents: Sequence[NewDocument], verdicts: Mapping[str, Verdict]) -> list[Verdict]:
    return [verdicts[new.number] for new in documents]
