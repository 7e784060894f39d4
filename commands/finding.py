"""The document a person means by a number."""

from __future__ import annotations

from activities.workshop import Workshop
from commands.console import Refused
from domain.documents import DocumentKey
from domain.journal import DocumentRecord


async def find(shop: Workshop, number: str, flow: str | None = None) -> DocumentRecord:
    """The one document meant by a number. Raises Refused when there is none, or more than one."""
    if number.count(":") == 2:
        known = await shop.store.document(DocumentKey.parse(number))
        if known is not None:
            return known
    found = [record for record in await shop.store.search(number) if flow in (None, record.key.flow)]
    exact = [
        record
        for record in found
        if number.casefold()
        in {n.casefold() for n in (record.key.number, record.platform_no, record.bill_number or "", *record.related)}
    ]
    if not exact:
        raise Refused(f"没有单据 {number} / no document has the number {number}.")
    if len(exact) > 1:
        names = "、".join(record.key.workflow_id for record in exact)
        raise Refused(f"{number} 对应多张单据，请用其中一个：{names} / several documents, name one of them.")
    return exact[0]
