"""What a mapped bill comes down to in the books, for comparison with what the ERP has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain import jsontext
from domain.convergence import Line, Wanted
from domain.documents import DocumentKey
from domain.erp import Bill
from domain.journal import DocumentRecord
from domain.money import round_half_up
from flows.catalogue import Scheme
from flows.flow import Form


def _at(tree: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def reference_of(form: Form, model: dict[str, Any]) -> str:
    """The source's own number as the bill carries it, in the head or in the sub-head that has that key."""
    for group, keys in form.head.items():
        if form.reference in keys:
            value = model.get(form.reference) if not group else _at(model, f"{group}.{form.reference}")
            return "" if value is None else str(value)
    return ""


def lines_of(form: Form, model: dict[str, Any]) -> tuple[Line, ...]:
    """Material, quantity and amount (price × quantity, rounded half up to the cent) of each line."""
    lines = []
    for row in model[form.entry]:
        quantity = Decimal(row[form.quantity])
        price = Decimal(row.get(form.price, 0))
        lines.append(Line(str(_at(row, form.material)), quantity, round_half_up(quantity * price, 2)))
    return tuple(lines)


def wanted(scheme: Scheme, record: DocumentRecord) -> Wanted:
    """The bill that has to be in the ERP for a mapped document."""
    if record.model is None or record.bill_number is None:
        raise LookupError(f"{record.key.workflow_id} has not been mapped")
    model = jsontext.loads(record.model)
    return Wanted(
        bill=Bill(number=record.bill_number, model=model),
        reference=reference_of(scheme.form, model),
        lines=lines_of(scheme.form, model),
        ours=record.attempted_version is not None,
    )


def bill_number(prefix: str, key: DocumentKey) -> str:
    """The number a document's bill has in the ERP: the source's own, behind the connection's prefix."""
    return f"{prefix}{key.number}"
