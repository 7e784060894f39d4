"""What a clerk does to stock documents on the screen, where the vendor has no API for it or another one for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.purchasing.receiving import receive, send_back
from sandbox.jushuitan.state import JushuitanState, Kind
from sandbox.jushuitan.warehousing.documents import StockCount, StockStatus
from sandbox.jushuitan.warehousing.uploads import confirm_half, effective_count, take_effect


def confirm(state: JushuitanState, kind: Kind, key: int) -> None:
    """Put a waiting document into effect. Raises KeyError (there is none), ValueError (no such kind) or Refusal."""
    document = state.document(kind, key)
    act = _CONFIRM.get(kind)
    if act is None:
        raise ValueError(f"{kind} is not confirmed by hand")
    act(state, document)


def cancel(state: JushuitanState, kind: Kind, key: int) -> None:
    """Take a document back: Cancelled after it took effect, Delete before. Raises KeyError or ValueError."""
    if kind not in _CONFIRM:
        raise ValueError(f"{kind} is not cancelled by hand")
    document = state.document(kind, key)
    after = StockStatus.CANCELLED if document.status.moved_goods else StockStatus.DELETED
    state.put(kind, key, replace(document, status=after))


def _confirm_count(state: JushuitanState, count: StockCount) -> None:
    if not count.status.is_open:
        raise Refusal(Code.BUSINESS_REFUSED, f"盘点单{count.io_id}状态不正确")
    state.add_count(effective_count(state, count))


_CONFIRM: Mapping[Kind, Callable[[JushuitanState, Any], None]] = {
    Kind.OTHER: take_effect,
    Kind.TRANSFER: confirm_half,
    Kind.COUNT: _confirm_count,
    Kind.PURCHASE_IN: receive,
    Kind.PURCHASE_RETURN: send_back,
}
