"""What a person does at the ERP is what the ERP itself would have made of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.jsontext import dumps, loads
from sandbox.galaxy.by_hand import ByHand
from sandbox.galaxy.replies import Refusal
from sandbox.galaxy.state import GalaxyState
from tests.sandbox.galaxy.desk import Desk, line, link, outbound, returned

FORM = "SAL_OUTSTOCK"


@pytest.fixture
async def hand(desk: Desk, state: GalaxyState) -> ByHand:
    """An audited bill XS1 of two pieces is there."""
    await desk.audited(FORM, outbound("XS1"))
    return ByHand(state)


async def test_unaudit_and_delete_give_the_goods_back(hand: ByHand, desk: Desk, state: GalaxyState) -> None:
    assert state.stock_quantity("CK01", "SKU1") == 98
    hand.unaudit(FORM, "XS1")
    assert await desk.status_of(FORM, "XS1") == "D"
    assert state.stock_quantity("CK01", "SKU1") == 100
    hand.delete(FORM, "XS1")
    assert await desk.status_of(FORM, "XS1") is None
    with pytest.raises(KeyError, match="SAL_OUTSTOCK XS1"):
        hand.delete(FORM, "XS1")


async def test_an_edit_moves_stock_and_amounts(hand: ByHand, desk: Desk, state: GalaxyState) -> None:
    hand.edit(FORM, "XS1", {"FDate": "2026-05-02T00:00:00"}, FRealQty=5, FStockID="CK99")
    rows = await desk.ask(FORM, "FDocumentStatus,FDate,FRealQty,FAllAmount,FStockID.FNumber", "FBillNo='XS1'")
    assert rows == [["C", "2026-05-02T00:00:00", 5, Decimal("282.50"), "CK99"]]
    assert [state.stock_quantity(stock, "SKU1") for stock in ("CK01", "CK99")] == [100, -5]
    assert state.bills(FORM)[0]["head"]["FBillAllAmount"] == Decimal("282.50")


async def test_a_copy_is_a_bill_of_its_own(hand: ByHand, desk: Desk, state: GalaxyState) -> None:
    hand.copy(FORM, "XS1", "XS2", {"FDate": "2026-05-03T00:00:00"})
    one, two = state.bills(FORM)
    assert (two["number"], two["status"], two["head"]["FDate"]) == ("XS2", "C", "2026-05-03T00:00:00")
    assert one["id"] != two["id"]
    assert one["lines"][0]["entry_id"] != two["lines"][0]["entry_id"]
    assert state.stock_quantity("CK01", "SKU1") == 96
    hand.delete(FORM, "XS2")
    assert await desk.status_of(FORM, "XS1") == "C"


async def test_what_other_bills_go_back_to_stays(hand: ByHand, desk: Desk) -> None:
    rows = await desk.ask(FORM, "FID,FEntity_FEntryID", "FBillNo='XS1'")
    back = returned("XT1", line(quantity=1, FEntity_Link=link(*rows[0])))
    await desk.audited("SAL_RETURNSTOCK", back)
    with pytest.raises(Refusal):
        hand.delete(FORM, "XS1")
    assert await desk.status_of(FORM, "XS1") == "C"


async def test_over_http(hand: ByHand, desk: Desk) -> None:
    async def ask(**body: object) -> tuple[int, object]:
        reply = await desk.http.post("/_sandbox/by-hand", content=dumps(body))
        return reply.status_code, loads(reply.content)

    assert await ask(do="edit", form=FORM, number="XS1", FRealQty=3) == (200, {"done": "edit"})
    assert await ask(do="copy", form=FORM, number="XS1", to="XS2") == (200, {"done": "copy"})
    assert await ask(do="unaudit", form=FORM, number="XS1") == (200, {"done": "unaudit"})
    assert await ask(do="delete", form=FORM, number="XS2") == (200, {"done": "delete"})
    for wrong in ({"do": "burn"}, {"do": "delete", "form": FORM, "number": "XS9"}, {"do": "copy", "form": FORM}):
        assert (await ask(**wrong))[0] == 400
    assert await desk.ask(FORM, "FBillNo,FDocumentStatus,FRealQty", "") == [["XS1", "D", 3]]
