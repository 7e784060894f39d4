"""Plans of head trips: goods on their way to an overseas warehouse (vendor section 10.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.jushuitan.biz import Fields
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.upload_parts import DONE, Payload, Upload, known_warehouse, positive
from sandbox.jushuitan.warehousing.documents import StockStatus, Transfer, TransferType
from sandbox.jushuitan.warehousing.lines import some, stock_line
from sandbox.jushuitan.warehousing.uploads import add_halves


def first_trip(state: JushuitanState, tree: object) -> Payload:
    """`/open/webapi/cb/cbfirsttrip/createfirsttrip`: to overseas warehouses only, on demand with its transfer.

    The API has no number of the caller: each call is a new plan.
    """
    fields = Fields(tree)
    if fields.text("first_trip_type", "OverseasWms") != "OverseasWms":
        raise Refusal(Code.BUSINESS_REFUSED, "仅支持海外仓头程")
    sender, receiver = known_warehouse(state, fields, "out_wms"), known_warehouse(state, fields, "destination_wms")
    if sender == receiver:
        raise Refusal(Code.BUSINESS_REFUSED, "发货仓与目的仓不能相同")
    lines = some([stock_line(state, item, positive(item, "qty")) for item in fields.objects("items")])
    confirmed = fields.flag("auto_cfm")
    io_id: Any = None
    if fields.flag("is_auto_create_allocate"):
        io_id = state.next_id()
        out = Transfer(
            io_id=io_id,
            type=TransferType.OUT,
            link_io_id=state.next_id(),
            status=StockStatus.CONFIRMING if confirmed else StockStatus.CREATING,
            io_date=state.now(),
            wms_co_id=sender,
            link_wms_co_id=receiver,
            items=lines,
        )
        add_halves(state, out)
    trip = f"FT{state.next_id()}"
    return {
        "issuccess": True,
        "data": {"first_trip_code": trip, "message": DONE, "is_cfmed": confirmed, "io_id": io_id},
    }


UPLOADS: Mapping[str, Upload] = {"/open/webapi/cb/cbfirsttrip/createfirsttrip": first_trip}
