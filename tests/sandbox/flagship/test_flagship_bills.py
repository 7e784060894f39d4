"""Rows 11 to 14, 17 to 19 and 21 of the table: saving, the status machine, stock, red bills, entities, vouchers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.flagship.apis import ImportType, Operation
from sandbox.flagship.by_hand import ByHand
from sandbox.flagship.config import PartialFailure
from sandbox.flagship.replies import RowRefusal
from tests.sandbox.flagship.conftest import Hand
from tests.sandbox.flagship.office import Office, failed, outbound, returned

SAVE = "/v2/im/im_saloutbill/batchAdd"


async def stock(office: Office, **params: Any) -> dict[str, Decimal]:
    reply = await office.call("/v2/im/getInventoryDetail", {"params": params, "pageSize": 100})
    return {f"{row['warehouse_number']}/{row['material_number']}": row["baseqty"] for row in reply["data"]["rows"]}


# ── saving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_bill_has_its_row(office: Office) -> None:
    reply = await office.save(outbound("S-1"), outbound("S-2", customer_number="X"), outbound("S-3"))
    assert (reply["errorCode"], reply["status"]) == ("0", True)
    data = reply["data"]
    assert (data["failCount"], data["successCount"]) == ("1", "2")
    first, second, _ = data["result"]
    assert first == {
        "billIndex": 0, "billStatus": True, "errors": [], "id": first["id"], "number": "S-1", "keys": {"billno": "S-1"},
        "type": "Add",
    }  # fmt: skip
    assert (second["billIndex"], second["billStatus"], second["number"], second["id"]) == (1, False, "S-2", "")
    [error] = second["errors"]
    assert (error["entityKey"], error["keys"]) == ("", {"billno": "S-2"})
    assert "X" in error["rowMsg"][0]
    assert [row["billno"] for row in await office.query()] == ["S-1", "S-3"]


async def test_a_partial_failure_may_be_told_as_a_failure(office: Office) -> None:
    office.state.switches.partial_failure = PartialFailure.FAILURE
    reply = await office.save(outbound("S-1"), outbound("S-2", customer_number="X"))
    assert (reply["errorCode"], reply["status"], reply["data"]["successCount"]) == ("611", False, "1")
    assert (await office.save(outbound("S-3")))["errorCode"] == "0"


async def test_one_bill_may_come_alone(office: Office) -> None:
    reply = await office.call(SAVE, {"data": outbound("S-1")})
    assert reply["data"]["successCount"] == "1"
    assert await office.code(SAVE, {"data": "S-1"}) == "400"
    assert await office.code(SAVE, {}) == "400"


async def test_a_number_that_is_there_is_changed(office: Office) -> None:
    await office.save(outbound("S-1"))
    reply = await office.save({"billno": "S-1", "comment": "changed"})
    [row] = reply["data"]["result"]
    assert (row["type"], row["billStatus"]) == ("Update", True)
    [bill] = await office.query()
    assert (bill["comment"], bill["id"], len(bill["billentry"])) == ("changed", row["id"], 1)


async def test_lines_are_merged_by_their_id_or_all_replaced(office: Office) -> None:
    await office.save(outbound("S-1"))
    [bill] = await office.query()
    line_id = bill["billentry"][0]["id"]
    [more] = outbound("S-1", sku="SKU2", qty=5)["billentry"]
    await office.save({"billno": "S-1", "billentry": [{"id": line_id, "qty": 3}, more]})
    [bill] = await office.query()
    assert [(line["id"] == line_id, line["qty"]) for line in bill["billentry"]] == [(True, 3), (False, 5)]
    assert failed(await office.save({"billno": "S-1", "billentry": [{"id": "404"}]})).keys() == {"S-1"}
    office.state.set_up(SAVE, override_entry=True)
    await office.save({"billno": "S-1", "billentry": [more]})
    [bill] = await office.query()
    assert [line["qty"] for line in bill["billentry"]] == [5]


async def test_what_a_save_may_do_is_set_up(office: Office) -> None:
    office.state.set_up(SAVE, import_type=ImportType.NEW)
    assert failed(await office.save(outbound("S-1"))) == {}
    assert failed(await office.save(outbound("S-1"))).keys() == {"S-1"}
    office.state.set_up(SAVE, import_type=ImportType.OVERRIDE)
    assert failed(await office.save(outbound("S-1"))) == {}
    assert failed(await office.save(outbound("S-2"))).keys() == {"S-2"}


async def test_a_number_is_found_when_none_is_sent(office: Office) -> None:
    for _ in range(2):
        await office.save({key: value for key, value in outbound("").items() if key != "billno"})
    first, second = await office.query()
    assert first["billno"] != second["billno"]


async def test_a_number_belongs_to_one_bill(office: Office) -> None:
    await office.save(outbound("S-1"), outbound("S-2"))
    [_, other] = await office.query()
    assert failed(await office.save({"id": other["id"], "billno": "S-1"})).keys() == {other["id"]}
    assert sorted(row["billno"] for row in await office.query()) == ["S-1", "S-2"]


async def test_keys_nobody_knows_are_ignored_without_a_word(office: Office) -> None:
    assert failed(await office.save(outbound("S-1", FBillNo="x", customer={"number": "other"}))) == {}
    [bill] = await office.query()
    assert "FBillNo" not in bill
    assert bill["customer_number"] == "SHOP01"
    head = ("org_number", "customer_number", "biztime")
    office.state.set_up(SAVE, accepts=(*head, "billentry.material_number", "billentry.unit_number"))
    # What was not set up never arrives: the bill has no quantity.
    assert "qty" in failed(await office.save(outbound("S-2")))["S-2"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"customer_number": None}, "customer"),
        ({"org_number": "999"}, "999"),
        ({"biztime": "soon"}, "soon"),
        ({"exchangerate": "much"}, "much"),
        ({"billentry": []}, "billentry"),
        ({"billentry": {}}, "billentry"),
        ({"settlecurrency_number": "XXX"}, "XXX"),
    ],
)
async def test_bills_that_are_none(office: Office, change: dict[str, Any], word: str) -> None:
    assert word in failed(await office.save(outbound("S-1", **change)))["S-1"]
    assert await office.query() == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ({"material_number": "NONE"}, "NONE"),
        ({"unit_number": ""}, "unit"),
        ({"qty": 0}, "qty"),
        ({"qty": None}, "qty"),
        ({"warehouse_number": None}, "warehouse"),
        ({"material_number": "LOT1"}, "lotnumber"),
        ({"outownertype": "bd_nothing"}, "outowner"),
    ],
)
async def test_lines_that_are_none(office: Office, line: dict[str, Any], word: str) -> None:
    bill = outbound("S-1")
    bill["billentry"][0] |= line
    assert word in failed(await office.save(bill))["S-1"]


async def test_a_service_needs_no_warehouse(office: Office) -> None:
    bill = outbound("S-1", sku="SVC1")
    del bill["billentry"][0]["warehouse_number"]
    await office.post(bill)
    assert await stock(office) == {"CK01/SKU1": 100, "CK01/LOT1": 10}


async def test_amounts_stay_as_sent_where_nothing_is_fired(office: Office) -> None:
    office.state.set_up(SAVE, fire_prop_changed=False)
    bill = outbound("S-1")
    bill["billentry"] *= 200
    await office.save(bill)
    [row] = await office.query()
    assert (row["billentry"][0]["amountandtax"], len(row["billentry"])) == (0, 200)
    office.state.set_up(SAVE, fire_prop_changed=True)
    assert failed(await office.save(bill | {"billno": "S-2"})).keys() == {"S-2"}


async def test_a_price_without_tax_a_discount_and_a_present(office: Office) -> None:
    bill = outbound("S-1")
    [line] = bill["billentry"]
    net = {key: value for key, value in line.items() if key != "priceandtax"} | {"price": 100}
    bill["billentry"] = [net, line | {"discountamount": 26}, line | {"ispresent": True}]
    await office.save(bill)
    [row] = await office.query()
    assert [each["amountandtax"] for each in row["billentry"]] == [226, 200, 0]


async def test_several_operations_may_follow_a_save(office: Office) -> None:
    office.state.set_up(SAVE, after_save=(Operation.SUBMIT, Operation.AUDIT))
    assert failed(await office.save(outbound("S-1"), outbound("S-2", sku="SKU2"))).keys() == {"S-2"}
    assert [await office.status_of(number) for number in ("S-1", "S-2")] == ["C", "B"]


# ── the status machine ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_there_and_back(office: Office) -> None:
    await office.save(outbound("S-1"))
    course = [("Submit", "B"), ("Withdraw", "A"), ("Submit", "B"), ("Audit", "C"), ("UnAudit", "A"), ("Delete", None)]
    for step, status in course:
        assert failed(await office.step(step, "S-1")) == {}
        assert await office.status_of("S-1") == status


async def test_every_step_has_its_place(office: Office) -> None:
    allowed = {"A": {"Submit", "Delete"}, "B": {"Audit", "Withdraw"}, "C": {"UnAudit"}}
    await office.save(outbound("S-A"), outbound("S-B"), outbound("S-C"))
    await office.step("Submit", "S-B", "S-C")
    await office.step("Audit", "S-C")
    for status, steps in allowed.items():
        for step in {"Submit", "Delete", "Audit", "Withdraw", "UnAudit"} - steps:
            assert failed(await office.step(step, f"S-{status}")).keys() == {f"S-{status}"}
            assert await office.status_of(f"S-{status}") == status
        # What is submitted or audited cannot be changed.
        refused = failed(await office.save({"billno": f"S-{status}", "comment": "x"}))
        assert bool(refused) is (status != "A")
    office.state.set_up(SAVE, change_audited=True)
    assert failed(await office.save({"billno": "S-C", "comment": "x"})) == {}


async def test_an_unaudit_may_lead_to_submitted(office: Office) -> None:
    office.state.switches.unaudit_to = "B"
    await office.post(outbound("S-1"))
    await office.step("UnAudit", "S-1")
    assert await office.status_of("S-1") == "B"


async def test_steps_by_id_and_steps_of_nothing(office: Office) -> None:
    await office.save(outbound("S-1"))
    [bill] = await office.query()
    submit = "/v2/im/im_saloutbill/batchSubmit"
    assert await office.code(submit, {"data": {"id": [bill["id"]]}}) == "0"
    assert await office.status_of("S-1") == "B"
    assert await office.code(submit, {"data": {"billno": ["X"]}}) == "602"
    assert await office.code(submit, {"data": {}}) == "400"
    assert await office.code(submit, {}) == "400"
    # Those that are not there are not spoken of.
    reply = await office.step("Audit", "S-1", "X")
    assert [row["number"] for row in reply["data"]["result"]] == ["S-1"]
    assert (reply["data"]["totalCount"], reply["data"]["filter"]) == (1, "[billno in ('S-1', 'X')]")


async def test_somebody_has_the_bill_open(office: Office) -> None:
    await office.save(outbound("S-1"))
    office.state.guards.lock("im_saloutbill", "S-1", times=2)
    assert failed(await office.step("Submit", "S-1")).keys() == {"S-1"}
    assert failed(await office.save({"billno": "S-1", "comment": "x"})).keys() == {"S-1"}
    assert failed(await office.step("Submit", "S-1")) == {}
    office.state.guards.lock("im_saloutbill", "S-1")
    for _ in range(3):
        assert failed(await office.step("Audit", "S-1")).keys() == {"S-1"}
    office.state.guards.unlock("im_saloutbill", "S-1")
    assert failed(await office.step("Audit", "S-1")) == {}


async def test_a_closed_period(office: Office) -> None:
    await office.post(outbound("S-1"))
    await office.save(outbound("S-2"))
    await office.step("Submit", "S-2")
    office.state.switches.closed_until = "2026-11-22"
    assert failed(await office.save(outbound("S-3"))).keys() == {"S-3"}
    assert failed(await office.step("Audit", "S-2")).keys() == {"S-2"}
    assert failed(await office.step("UnAudit", "S-1")).keys() == {"S-1"}
    assert failed(await office.save(outbound("S-4", bookdate="2026-11-23"))) == {}


# ── stock ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_audit_moves_goods_and_an_unaudit_moves_them_back(office: Office) -> None:
    await office.post(outbound("S-1", qty=30))
    assert (await stock(office))["CK01/SKU1"] == 70
    await office.step("UnAudit", "S-1")
    assert (await stock(office))["CK01/SKU1"] == 100


async def test_there_is_not_enough(office: Office) -> None:
    await office.save(outbound("S-1", qty=60), outbound("S-2", qty=60))
    await office.step("Submit", "S-1", "S-2")
    reply = await office.step("Audit", "S-1", "S-2")
    assert "60" not in failed(reply)["S-2"]
    assert "40" in failed(reply)["S-2"]
    assert [await office.status_of(number) for number in ("S-1", "S-2")] == ["C", "B"]
    assert (await stock(office))["CK01/SKU1"] == 40


async def test_lots_are_places_of_their_own(office: Office) -> None:
    bill = outbound("S-1", sku="LOT1")
    bill["billentry"][0]["lotnumber"] = "L2"
    await office.save(bill)
    await office.step("Submit", "S-1")
    assert failed(await office.step("Audit", "S-1")).keys() == {"S-1"}
    await office.step("Withdraw", "S-1")
    [row] = await office.query()
    await office.save({"billno": "S-1", "billentry": [{"id": row["billentry"][0]["id"], "lotnumber": "L1"}]})
    await office.step("Submit", "S-1")
    assert failed(await office.step("Audit", "S-1")) == {}


async def test_goods_of_another_status_are_not_for_sale(office: Office) -> None:
    bill = outbound("S-1")
    bill["billentry"][0]["outinvstatus_number"] = "111"
    await office.save(bill)
    await office.step("Submit", "S-1")
    assert failed(await office.step("Audit", "S-1")).keys() == {"S-1"}


def moving(number: str, **more: Any) -> dict[str, Any]:
    line = {"material_number": "SKU1", "unit_number": "Pcs", "qty": 7} | more.pop("line", {})
    days = {"biztime": "2026-11-22", "bookdate": "2026-11-22"}
    return {"billno": number, "org_number": "100", **days, "billentry": [line], **more}


async def test_every_way_goods_move(office: Office) -> None:
    at_1, at_2, out_1 = {"warehouse_number": "CK01"}, {"warehouse_number": "CK02"}, {"outwarehouse_number": "CK01"}
    bought = moving("PI", supplier_number="VEN01", biztype_number="110", line=at_2)
    for entity, bill, code, expected in (
        ("im_purinbill", bought, "add", (100, 7)),
        ("im_transdirbill", moving("TD", inorg_number="100", line={**at_2, **out_1}), "batchAdd", (93, 14)),
        ("im_transoutbill", moving("TO", line={**at_2, **out_1}), "batchAdd", (86, 14)),
        ("im_transinbill", moving("TI", line={**at_2, **out_1}), "batchAdd", (86, 21)),
        ("im_otherinbill", moving("OI", line=at_1), "batchAdd", (93, 21)),
        ("im_otheroutbill", moving("OO", line=at_1), "batchAdd", (86, 21)),
        ("im_surplusbill", moving("SU", line=at_1), "batchAdd", (93, 21)),
        ("im_deficitbill", moving("DE", line=at_1), "batchAdd", (86, 21)),
    ):
        await office.post(bill, entity=entity, code=code)
        now = await stock(office)
        assert [int(now.get(f"{place}/SKU1", 0)) for place in ("CK01", "CK02")] == list(expected), entity


async def test_the_stock_is_asked_with_params(office: Office, hand: Hand) -> None:
    path = "/v2/im/getInventoryDetail"
    assert await office.code(path, {"data": {}, "pageSize": 10}) == "400"
    assert await office.code(path, {"params": {}}) == "400"
    assert await office.code(path, {"params": {}, "pageSize": 1001}) == "603"
    assert await stock(office, material_number="LOT1", lot_number="L1", warehouse_number="CK01") == {"CK01/LOT1": 10}
    assert await stock(office, org_number="200") == {}
    hand.turn(hours=1)
    await office.post(outbound("S-1", qty=1))
    assert await stock(office, modifytime_start="2026-11-22 10:30:00") == {"CK01/SKU1": 99}
    assert await stock(office, modifytime_start="2026-11-22", modifytime_end="2026-11-22 10:30:00") == {"CK01/LOT1": 10}
    summed = await office.call("/v2/im/getInventorySum", {"params": {"material_number": "SKU1"}, "pageSize": 10})
    assert [row["baseqty"] for row in summed["data"]["rows"]] == [99]


# ── red bills and links ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_red_bill_brings_goods_back(office: Office) -> None:
    await office.post(outbound("S-1", qty=10))
    [source] = await office.query()
    await office.post(returned("R-1", source, -4))
    assert (await stock(office))["CK01/SKU1"] == 94
    red = (await office.query(billno="R-1"))[0]
    assert (red["isredbill"], red["billentry"][0]["amountandtax"]) == (True, -452)
    assert red["billentry"][0]["srcbillnumber"] == "S-1"
    [source] = await office.query(billno="S-1")
    assert source["billentry"][0]["returnqty"] == 4


async def test_a_negative_quantity_needs_a_kind_of_return(office: Office) -> None:
    assert failed(await office.save(outbound("S-1", qty=-2))).keys() == {"S-1"}
    assert failed(await office.save(outbound("S-1", qty=2, biztype_number="2101"))).keys() == {"S-1"}
    assert failed(await office.save(outbound("S-1", qty=-2, biztype_number="2101"))) == {}


async def test_no_more_comes_back_than_went_out(office: Office) -> None:
    await office.post(outbound("S-1", qty=10))
    [source] = await office.query()
    assert failed(await office.save(returned("R-1", source, -6), returned("R-2", source, -5))).keys() == {"R-2"}
    assert failed(await office.save(returned("R-2", source, -4))) == {}


async def test_what_something_was_made_from_stays(office: Office) -> None:
    await office.post(outbound("S-1", qty=10))
    [source] = await office.query()
    await office.save(returned("R-1", source, -6))
    assert "R-1" in failed(await office.step("UnAudit", "S-1"))["S-1"]
    await office.step("Delete", "R-1")
    assert failed(await office.step("UnAudit", "S-1")) == {}


async def test_a_link_leads_somewhere(office: Office) -> None:
    await office.post(outbound("S-1", qty=10))
    [source] = await office.query()
    assert failed(await office.save(returned("R-1", source | {"id": "1"}, -6))).keys() == {"R-1"}


# ── entities, vouchers, people ──────────────────────────────────────────────────────────────────────────────────────


def voucher(number: str, *amounts: tuple[int, int], **head: Any) -> dict[str, Any]:
    lines = [
        {"account_number": "1122", "edescription": "汇兑损益", "debitlocal": debit, "creditlocal": credit}
        for debit, credit in amounts
    ]
    days = {"bookeddate": "2026-11-22", "bizdate": "2026-11-22"}
    return {"billno": number, "org_number": "100", **days, "entries": lines, **head}


async def test_a_voucher_balances(office: Office) -> None:
    save = {"entity": "gl_voucher", "code": "voucherAdd"}
    assert failed(await office.save(voucher("V-1", (100, 0), (0, 99)), **save)).keys() == {"V-1"}
    balanced = voucher("V-1", (100, 0), (0, 60), (0, 40))
    balanced["entries"][0]["assgrp"] = {"供应商": {"number": "VEN01"}}
    await office.post(balanced, **save)
    [row] = await office.query("gl_voucher")
    assert row["entries"][0]["assgrp"] == {"供应商": {"number": "VEN01"}}
    office.state.switches.closed_until = "2026-11-30"
    assert failed(await office.save(voucher("V-2", (1, 0), (0, 1)), **save)).keys() == {"V-2"}
    assert failed(await office.save(voucher("V-2", (1, 0), (0, 1), bookeddate="2026-12-01"), **save)) == {}


async def test_orders_and_finance_bills(office: Office) -> None:
    goods = {"material_number": "SKU1", "unit_number": "Pcs", "qty": 2, "priceandtax": 10}
    order = {
        "billno": "O-1",
        "org_number": "100",
        "customer_number": "SHOP01",
        "bizdate": "2026-11-22",
        "billentry": [goods],
    }
    await office.post(order, entity="sm_salorder")
    [row] = await office.query("sm_salorder", start_bizdate="2026-11-01", end_bizdate="2026-11-22")
    assert row["totalamount"] == 20
    bought = {
        "billno": "P-1",
        "org_number": "100",
        "supplier_number": "VEN01",
        "biztime": "2026-11-22",
        "billentry": [goods],
    }
    await office.post(bought, entity="pm_purorderbill", code="add")
    due = {
        "billno": "AR-1", "org_number": "100", "bizdate": "2026-11-22", "asstacttype": "bd_customer",
        "asstact_number": "SHOP01", "currency_number": "CNY", "recamount": "226",
        "entry": [{"e_material_number": "SKU1", "e_quantity": 2, "e_recamount": 226}],
    }  # fmt: skip
    await office.post(due, entity="ar_finarbill")
    assert (await office.query("ar_finarbill"))[0]["asstact_number"] == "SHOP01"
    paid = {
        "billno": "RE-1", "org_number": "100", "bizdate": "2026-11-22", "actrecamt": 226, "currency_number": "CNY",
        "payertype": "bd_customer", "payer_number": "SHOP01", "entry": [{"e_actamt": 226}],
    }  # fmt: skip
    await office.post(paid, entity="cas_recbill", code="addSave")
    cost = {
        "billno": "CA-1", "org_number": "100", "bizdate": "2026-11-22",
        "entry": [{"material_number": "SKU1", "adjustamt": "3.5"}],
    }  # fmt: skip
    await office.post(cost, entity="cal_costadjustbill")


async def test_base_data(office: Office) -> None:
    new = {"number": "SKU9", "name": "新品", "createorg_number": "100", "baseunit_number": "Pcs", "brand": "B"}
    reply = await office.save(new, entity="bd_material", code="save")
    assert failed(reply) == {}
    assert "SKU9" in failed(await office.save(outbound("S-1", sku="SKU9")))["S-1"]  # not audited yet
    for name in ("Submit", "Audit"):
        path = f"/v2/basedata/bd_material/batch{name}"
        assert await office.code(path, {"data": {"number": ["SKU9"]}}) == "0"
    assert failed(await office.save(outbound("S-1", sku="SKU9"))) == {}
    [row] = await office.query("bd_material", "batchQuery", number="SKU9")
    assert (row["brand"], row["baseunit_number"], row["status"]) == ("B", "Pcs", "C")
    [rate] = await office.query("bd_exrate_tree", number="USD-CNY")
    assert (rate["orgcur_number"], rate["cur_number"], rate["datasource"]) == ("USD", "CNY", "FX_001")
    assert {row["number"] for row in await office.query("bd_measureunits", "batchQuery")} == {"Pcs", "Box", "kg"}


async def test_what_people_do_by_hand(office: Office) -> None:
    hand = ByHand(office.state)
    await office.post(outbound("S-1", qty=10))
    hand.edit("im_saloutbill", "S-1", {"comment": "by hand"}, qty=4)
    [bill] = await office.query()
    assert (bill["comment"], bill["billstatus"], bill["billentry"][0]["amountandtax"]) == ("by hand", "C", 452)
    hand.copy("im_saloutbill", "S-1", "S-2")
    assert (await stock(office))["CK01/SKU1"] == 92
    hand.unaudit("im_saloutbill", "S-2")
    hand.delete("im_saloutbill", "S-1")
    assert (await stock(office))["CK01/SKU1"] == 100
    assert [(row["billno"], row["billstatus"]) for row in await office.query()] == [("S-2", "A")]
    with pytest.raises(RowRefusal):
        hand.unaudit("im_saloutbill", "S-2")
    with pytest.raises(KeyError):
        hand.delete("im_saloutbill", "S-9")
