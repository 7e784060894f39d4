"""Switches of the simulator under /_sandbox: tokens, limits, change documents as a clerk would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.jsontext import loads
from sandbox.http import JsonText
from sandbox.jushuitan import clerk
from sandbox.jushuitan.biz import Fields
from sandbox.jushuitan.codes import Refusal
from sandbox.jushuitan.crossborder.documents import SkuFee, TransferFee
from sandbox.jushuitan.documents import ZERO, Outbound, OutboundLine
from sandbox.jushuitan.state import JushuitanState, Kind
from sandbox.jushuitan.uploads import receive_goods

Switch = Callable[[Fields], dict[str, Any]]

_TEXTS = ("so_id", "currency", "shop_buyer_id", "remark", "l_id", "logistics_company", "tracking_number")
_LINE_TEXTS = ("sku_id", "outer_oi_id", "name")


def switch_routes(state: JushuitanState) -> list[Route]:
    """The vendor's own switches; each takes a JSON object and answers one, 404 for a document that is not there."""

    def expire_token(fields: Fields) -> dict[str, Any]:
        left = fields.integer("leave_seconds", 0)
        state.tokens.cut_short(state.now(), timedelta(seconds=left))
        return {"expires_in": left}

    def revoke(fields: Fields) -> dict[str, Any]:
        """The merchant takes the authorisation back; `revoked` false gives it again."""
        state.tokens.revoked = fields.tree.get("revoked", True) is True
        return {"revoked": state.tokens.revoked}

    def limits(fields: Fields) -> dict[str, Any]:
        """A limit that is null is lifted; one that is not named stays."""
        if "per_second" in fields.tree:
            state.limits.per_second = fields.integer("per_second") if fields.given("per_second") else None
        if "per_minute" in fields.tree:
            state.limits.per_minute = fields.integer("per_minute") if fields.given("per_minute") else None
        return {"per_second": state.limits.per_second, "per_minute": state.limits.per_minute}

    def touch(fields: Fields) -> dict[str, Any]:
        state.touch(Kind(fields.text("kind")), fields.integer("id"))
        return {"touched": fields.integer("id")}

    def cancel_outbound(fields: Fields) -> dict[str, Any]:
        io_id = fields.integer("io_id")
        state.cancel_outbound(io_id)
        return {"io_id": io_id, "status": state.outbound(io_id).status.value}

    def edit_outbound(fields: Fields) -> dict[str, Any]:
        io_id = fields.integer("io_id")
        state.edit_outbound(io_id, **_outbound_changes(state.outbound(io_id), fields))
        return {"io_id": io_id}

    def unconfirm_refund(fields: Fields) -> dict[str, Any]:
        state.unconfirm_refund(fields.integer("as_id"))
        return {"as_id": fields.integer("as_id")}

    def confirm_refund(fields: Fields) -> dict[str, Any]:
        state.confirm_refund(fields.integer("as_id"))
        return {"as_id": fields.integer("as_id")}

    def receive(fields: Fields) -> dict[str, Any]:
        received = receive_goods(state, state.refund(fields.integer("as_id")))
        return {"as_id": received.as_id, "io_id": received.io_id}

    switches: dict[str, Switch] = {
        "expire-token": expire_token,
        "revoke": revoke,
        "limits": limits,
        "touch": touch,
        "cancel-outbound": cancel_outbound,
        "edit-outbound": edit_outbound,
        "unconfirm-refund": unconfirm_refund,
        "confirm-refund": confirm_refund,
        "receive-goods": receive,
        **_by_hand(state),
    }
    return [Route(f"/_sandbox/{name}", _endpoint(switch), methods=["POST"]) for name, switch in switches.items()]


def _book_fee(state: JushuitanState, fields: Fields) -> int:
    io_id = fields.integer("io_id")
    if state.transfers.get(io_id) is None:
        raise KeyError(io_id)
    lines = tuple(
        SkuFee(
            sku_id=item.text("sku_id"),
            freight_price=item.number("freight_price", ZERO),
            freight_currency=item.text("freight_currency", "CNY"),
            tariff_price=item.number("tariff_price", ZERO),
            tariff_currency=item.text("tariff_currency", "CNY"),
        )
        for item in fields.objects("items")
    )
    state.add_transfer_fee(TransferFee(io_id, lines))
    return io_id


def _by_hand(state: JushuitanState) -> dict[str, Switch]:
    """A clerk's acts on the stock document that `kind` and `id` name, and the forwarder's bill for a transfer."""

    def done(fields: Fields, act: Callable[[JushuitanState, Kind, int], None]) -> dict[str, Any]:
        kind, key = Kind(fields.text("kind")), fields.integer("id")
        act(state, kind, key)
        return {"id": key, "status": state.document(kind, key).status.value}

    return {
        "confirm-stock": lambda fields: done(fields, clerk.confirm),
        "cancel-stock": lambda fields: done(fields, clerk.cancel),
        "transfer-fee": lambda fields: {"io_id": _book_fee(state, fields)},
    }


def _endpoint(switch: Switch) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await request.body()
            return JsonText(switch(Fields(loads(body) if body else {}, "body")))
        except KeyError as error:
            return JsonText({"detail": f"no document {error.args[0]}"}, 404)
        except (Refusal, ValueError) as error:
            return JsonText({"detail": str(error)}, 422)

    return endpoint


def _outbound_changes(outbound: Outbound, fields: Fields) -> dict[str, Any]:
    """What an edit names: fields of the head, and lines by `ioi_id` or `outer_oi_id`."""
    changes: dict[str, Any] = {name: fields.text(name) for name in _TEXTS if name in fields.tree}
    changes |= {name: fields.integer(name) for name in ("shop_id", "wms_co_id") if name in fields.tree}
    if "freight" in fields.tree:
        changes["freight"] = fields.number("freight")
    if "io_date" in fields.tree:
        changes["io_date"] = fields.time("io_date")
    edits = fields.objects("items")
    if edits:
        lines = list(outbound.items)
        for edit in edits:
            position = _position(lines, edit)
            lines[position] = _edited_line(lines[position], edit)
        changes["items"] = tuple(lines)
    return changes


def _position(lines: list[OutboundLine], edit: Fields) -> int:
    for position, line in enumerate(lines):
        if edit.given("ioi_id") and line.ioi_id == edit.integer("ioi_id"):
            return position
        if not edit.given("ioi_id") and line.outer_oi_id == edit.text("outer_oi_id"):
            return position
    raise KeyError(f"line {edit.text('ioi_id') or edit.text('outer_oi_id')}")


def _edited_line(line: OutboundLine, edit: Fields) -> OutboundLine:
    qty, price = edit.number("qty", line.qty), edit.number("sale_price", line.sale_price)
    recomputed = qty * price if (qty, price) != (line.qty, line.sale_price) else line.sale_amount
    texts: dict[str, Any] = {name: edit.text(name) for name in _LINE_TEXTS if name in edit.tree}
    return replace(line, qty=qty, sale_price=price, sale_amount=edit.number("sale_amount", recomputed), **texts)
