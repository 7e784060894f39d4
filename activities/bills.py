"""What a mapped bill comes down to in the books, for comparison with what the ERP has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain import jsontext
from domain.convergence import Line, Wanted
from domain.documents import DocumentKey
from domain.erp import Bill
from domain.money import round_half_up
from flows.catalogue import Scheme
from flows.flow import Form


def _at(tree: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def head_value(form: Form, model: dict[str, Any], key: str) -> str:
    """A head value of the bill by the key it is read back with, wherever the form has it: head or sub-head."""
    first = key.partition(".")[0]
    for group, keys in form.head.items():
        if first in keys:
            value = _at(model, f"{group}.{key}" if group else key)
            return "" if value is None else str(value)
    return ""


def reference_of(form: Form, model: dict[str, Any]) -> str:
    """The source's own number as the bill carries it."""
    return head_value(form, model, form.reference)


def lines_of(form: Form, model: dict[str, Any]) -> tuple[Line, ...]:
    """Material, quantity, amount (price × quantity, rounded half up to the cent) and what else is compared, by line."""
    lines = []
    for row in model[form.entry]:
        quantity = Decimal(row[form.quantity])
        price = Decimal(row.get(form.price, 0))
        stock = _at(row, form.stock) if form.stock else None
        amount = round_half_up(quantity * price, 2)
        more = tuple(_plain(_at(row, key)) for key in form.line)
        lines.append(Line(_plain(_at(row, form.material)), quantity, amount, _plain(stock), more))
    return tuple(lines)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def wanted(scheme: Scheme, number: str, model: str, *, ours: bool) -> Wanted:
    """The bill that has to be in the ERP: its number and its content as JSON. `ours`: see `Wanted`."""
    content = jsontext.loads(model)
    return Wanted(
        bill=Bill(number=number, model=content),
        reference=reference_of(scheme.form, content),
        lines=lines_of(scheme.form, content),
        ours=ours,
        head={key: head_value(scheme.form, content, key) for key in scheme.form.compared},
    )


def bill_number(prefix: str, key: DocumentKey, suffix: str = "") -> str:
    """The number a document's bill has in the ERP: the source's own, between the connection's prefix and the target's
    suffix."""
    return f"{prefix}{key.number}{suffix}"
