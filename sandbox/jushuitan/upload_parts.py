"""What uploads have in common: mandatory fields, known codes, row results, repeats, stock that must be there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from sandbox.jushuitan.biz import Fields
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.config import Repeat
from sandbox.jushuitan.documents import Area, Sku
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import FIGURE_OF_AREA, Figure, Movement

Payload = dict[str, Any]
Upload = Callable[[JushuitanState, object], Payload]
DONE = "成功"
MAX_ROWS = 50


def mandatory(fields: Fields, name: str) -> str:
    """The text of a field. Raises Refusal 130 when it is not given."""
    value = fields.text(name)
    if not value:
        raise Refusal(Code.PARAMETER_MISSING, f"{fields.where}.{name}不能为空")
    return value


def positive(fields: Fields, name: str) -> Decimal:
    """A number above 0. Raises Refusal 130 or 140."""
    value = fields.number(name)
    if value <= 0:
        raise Refusal(Code.PARAMETER_WRONG, f"{fields.where}.{name}必须大于0")
    return value


def known_sku(state: JushuitanState, item: Fields, name: str = "sku_id") -> Sku:
    """The goods that a field names. Raises Refusal 160 for a code nobody knows."""
    record = state.skus.get(mandatory(item, name))
    if record is None:
        raise Refusal(Code.BUSINESS_REFUSED, f"商品编码{item.text(name)}不存在")
    return record.document


def known_warehouse(state: JushuitanState, fields: Fields, name: str = "wms_co_id") -> int:
    """The warehouse a field names, by default the main one. Raises Refusal 160 for a warehouse nobody knows."""
    wms_co_id = fields.integer(name, main_warehouse(state))
    if state.warehouses.get(wms_co_id) is None:
        raise Refusal(Code.BUSINESS_REFUSED, f"仓库{wms_co_id}不存在")
    return wms_co_id


def main_warehouse(state: JushuitanState) -> int:
    return next((row.document.wms_co_id for row in state.warehouses if row.document.is_main), 0)


def known_area(fields: Fields, name: str, default: str = Area.MAIN.value) -> str:
    """The stock area (`wh_id`) a field names. Raises Refusal 140 for one that has no stock of its own."""
    wh_id = fields.text(name, default)
    if wh_id not in FIGURE_OF_AREA:
        raise Refusal(Code.PARAMETER_WRONG, f"{fields.where}.{name}不正确")
    return wh_id


def once(state: JushuitanState, api: str, number: str, make: Callable[[], int]) -> int:
    """The id of the document that a caller's own number stands for, made on its first use.

    What a repeat is answered is not documented (section 13): the switch `JushuitanConfig.repeats` decides.
    Raises Refusal 160.
    """
    key = (api, number)
    known = state.remembered.get(key)
    if known is not None and state.config.repeats is Repeat.REFUSE:
        raise Refusal(Code.BUSINESS_REFUSED, f"外部单号{number}已存在")
    if known is None:
        known = state.remembered[key] = make()
    return int(known)


def require_stock(state: JushuitanState, movements: Iterable[Movement]) -> None:
    """Raises Refusal 160 when the movements would leave an area with less than nothing in it."""
    if state.config.negative_stock:
        return
    change: dict[tuple[int, str, Figure], Decimal] = defaultdict(Decimal)
    for move in movements:
        if move.figure in _SHELVES and state.keeps_stock(move.sku_id):
            change[move.wms_co_id, move.sku_id, move.figure] += move.qty
    for (wms_co_id, sku_id, figure), qty in change.items():
        there = state.figure(wms_co_id, sku_id, figure)
        if qty < 0 and there + qty < 0:
            raise Refusal(Code.BUSINESS_REFUSED, f"商品{sku_id}库存不足,现有{there},需要{-qty}")


_SHELVES = frozenset(FIGURE_OF_AREA.values())


def in_rows(
    rows: list[Fields], key: str, result: str, act: Callable[[Fields], int], *, as_text: bool = False
) -> Payload:
    """Upload answer shape 1: each row with its own result, whatever becomes of the others.

    Args:
        key, result: names of the caller's number and of our id in the row's result.
        as_text: whether this API writes its ids as text.
    """
    results: list[Payload] = []
    for fields in rows:
        row: Payload = {key: fields.text(key)}
        try:
            made = act(fields)
            results.append(row | {result: str(made) if as_text else made, "issuccess": True, "msg": DONE})
        except Refusal as refusal:
            results.append(row | {result: None, "issuccess": False, "msg": refusal.message})
    return {"issuccess": True, "data": {"datas": results, "requestId": None}}
