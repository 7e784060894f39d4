"""Documents as the very bills Kingpost would write, for a script that does no mapping."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from activities.mapper import Mapper
from activities.rating import rate_day
from activities.subject import value_at
from activities.workshop import Workshop
from domain import jsontext
from domain.documents import DocumentKey, Hold


class NotMapped(Exception):
    """A document cannot become a bill; says why."""


async def ready_made(shop: Workshop, keys: Sequence[DocumentKey]) -> list[dict[str, Any]]:
    """Number and model of each document's bill. Raises NotMapped."""
    mapper, bills = Mapper(shop), []
    for record in (await shop.store.documents(keys)).values():
        scheme = shop.catalogue[record.key.flow]
        document = scheme.model.model_validate(jsontext.loads(record.body))
        day, currency = rate_day(scheme, document), value_at(document, scheme.flow.rate.currency)
        rate = None if day is None else await shop.rates.rate(currency, day, datetime.now(UTC))
        number, erp = shop.bill_number(record), shop.routes[record.key.connection].erp
        mapped = await mapper.bill(record, document, erp=erp, rate=rate, number=number)
        if isinstance(mapped, Hold) or mapped.change is None or mapped.change.model is None:
            raise NotMapped(f"{record.key.workflow_id}: {mapped}")
        bills.append({"number": number, "model": jsontext.loads(mapped.change.model)})
    return bills
