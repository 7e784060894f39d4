"""The status machine, selections, locks, closed periods, View and Push (sections 7 and 8)."""

from __future__ import annotations

import pytest

from sandbox.galaxy.state import GalaxyState
from tests.sandbox.galaxy.desk import Desk, Reply, line, link, outbound, returned, sale_order

FORM = "SAL_OUTSTOCK"
STEPS = {
    "Z": (),
    "A": (),
    "B": ("Submit",),
    "C": ("Submit", "Audit"),
    "D": ("Submit", "Audit", "UnAudit"),
}
ALLOWED: dict[str, dict[str, str | None]] = {
    "Submit": {"Z": "B", "A": "B", "D": "B"},
    "Audit": {"B": "C"},
    "UnAudit": {"C": "D"},
    "CancelAssign": {"B": "D"},
    "Delete": {"Z": None, "A": None, "D": None},
}


async def brought_to(desk: Desk, status: str) -> None:
    """A bill XS1 in a status."""
    if status == "Z":
        assert (await desk.call("Draft", FORM, Model=outbound("XS1"))).ok
    else:
        assert (await desk.save(FORM, outbound("XS1"))).ok
    for step in STEPS[status]:
        assert (await desk.on(step, FORM, "XS1")).ok
    assert await desk.status_of(FORM, "XS1") == status


@pytest.mark.parametrize("operation", ALLOWED)
@pytest.mark.parametrize("status", STEPS)
async def test_every_step_from_every_status(desk: Desk, operation: str, status: str) -> None:
    await brought_to(desk, status)
    reply = await desk.on(operation, FORM, "XS1")
    allowed = ALLOWED[operation]
    assert reply.ok is (status in allowed)
    assert await desk.status_of(FORM, "XS1") == allowed.get(status, status)
    if not reply.ok:
        assert (reply.code, reply.fields) == (11, [""])
        assert "XS1" in reply.message


async def test_literal_texts(desk: Desk) -> None:
    await brought_to(desk, "C")
    audit, submit = await desk.on("Audit", FORM, "XS1"), await desk.on("Submit", FORM, "XS1")
    assert audit.message == "单据编号为“XS1”的销售出库单，单据已经审核！"
    assert submit.message == "单据编号为“XS1”的销售出库单，只有暂存、创建和重新审核的数据才允许提交"


async def test_a_withdrawn_bill_stays_d_when_saved_again(desk: Desk) -> None:
    await brought_to(desk, "D")
    record = (await desk.ask(FORM, "FID"))[0][0]
    assert (await desk.save(FORM, {"FID": record, "FNote": "again"})).ok
    assert await desk.status_of(FORM, "XS1") == "D"


async def test_bills_of_one_call_are_judged_one_by_one(desk: Desk) -> None:
    for number in ("XS1", "XS2", "XS3"):
        await desk.save(FORM, outbound(number))
    await desk.on("Submit", FORM, "XS2")
    reply = await desk.on("Submit", FORM, "XS1", "XS2", "NONE", "XS3")
    assert reply.entities == [(0, "XS1"), (3, "XS3")]
    assert [index for index, _, _ in reply.errors] == [1, 2]


async def test_bills_may_be_named_by_ids(desk: Desk) -> None:
    ids = [str((await desk.save(FORM, outbound(number))).id) for number in ("XS1", "XS2")]
    assert (await desk.call("Submit", FORM, Ids=",".join(ids))).entities == [(0, "XS1"), (1, "XS2")]
    assert (await desk.call("Audit", FORM, Ids="999999")).code == 10
    assert (await desk.call("Audit", FORM)).code == 8


async def test_cancelled_bills_count_no_more(desk: Desk) -> None:
    await brought_to(desk, "A")
    cancel = {"formid": FORM, "opNumber": "Cancel", "data": {"Numbers": ["XS1"]}}
    assert Reply((await desk.post("ExcuteOperation", cancel)).json()).ok
    assert not (await desk.on("Submit", FORM, "XS1")).ok
    assert not Reply((await desk.post("ExcuteOperation", cancel)).json()).ok
    assert Reply((await desk.post("ExcuteOperation", {**cancel, "opNumber": "Uncancel"})).json()).ok
    assert (await desk.on("Submit", FORM, "XS1")).ok


async def test_an_audited_bill_is_not_cancelled(desk: Desk) -> None:
    await brought_to(desk, "C")
    reply = await desk.post("ExecuteOperation", {"formid": FORM, "opNumber": "Cancel", "data": '{"Numbers":["XS1"]}'})
    assert not Reply(reply.json()).ok


@pytest.mark.parametrize(
    ("form", "operation", "code"), [(FORM, "NoSuch", 12), (FORM, "Forbid", 12), ("SAL_SaleOrder", "YLBillClose", 0)]
)
async def test_marking_operations(desk: Desk, form: str, operation: str, code: int) -> None:
    await desk.save(FORM, outbound("XS1"))
    await desk.save("SAL_SaleOrder", sale_order("XS1"))
    body = {"formid": form, "opNumber": operation, "data": {"Numbers": ["XS1"]}}
    assert Reply((await desk.post("ExcuteOperation", body)).json()).code == code


# --- locks and periods -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 13])
@pytest.mark.parametrize("operation", ["Submit", "Delete"])
async def test_a_locked_bill_is_refused_as_often_as_said(desk: Desk, operation: str, code: int) -> None:
    await desk.save(FORM, outbound("XS1"))
    await desk.http.post("/_sandbox/lock", json={"form": FORM, "number": "XS1", "times": 1, "msg_code": code})
    reply = await desk.on(operation, FORM, "XS1")
    assert (reply.ok, reply.code, reply.fields) == (False, code, [""])
    assert reply.message == "“管理员”使用业务单据：“销售出库单”业务操作-“[XS1-修改]”冲突，请稍候再使用。"
    assert (await desk.on(operation, FORM, "XS1")).ok


async def test_a_lock_can_last_until_it_is_released(desk: Desk) -> None:
    await desk.save(FORM, outbound("XS1"))
    lock = {"form": FORM, "number": "XS1", "times": None}
    await desk.http.post("/_sandbox/lock", json=lock)
    assert [(await desk.on("Submit", FORM, "XS1")).ok for _ in range(3)] == [False, False, False]
    await desk.http.post("/_sandbox/lock", json={**lock, "times": 0})
    assert (await desk.on("Submit", FORM, "XS1")).ok


async def test_a_closed_period_refuses_save_audit_and_unaudit(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1"))
    await desk.save(FORM, outbound("XS2"))
    await desk.on("Submit", FORM, "XS2")
    await desk.http.post("/_sandbox/period", json={"closed_until": "2026-05-01"})
    refused = [
        await desk.on("UnAudit", FORM, "XS1"),
        await desk.on("Audit", FORM, "XS2"),
        await desk.save(FORM, outbound("XS3")),
    ]
    assert [(each.code, each.fields) for each in refused] == [(11, ["FDate"])] * 3
    assert (await desk.save(FORM, outbound("XS4", FDate="2026-05-02"))).ok
    assert (await desk.save("SAL_SaleOrder", sale_order("SO1"))).ok
    await desk.http.post("/_sandbox/period", json={"closed_until": None})
    assert (await desk.on("Audit", FORM, "XS2")).ok


# --- view ------------------------------------------------------------------------------------------------------------


async def test_view_is_keyed_by_property_names(desk: Desk) -> None:
    record = (await desk.save(FORM, outbound("XS1"))).id
    seen = (await desk.call("View", FORM, Id=str(record))).tree["Result"]["Result"]
    material = seen["SAL_OUTSTOCKENTRY"][0]["MaterialID"]
    assert (seen["Id"], seen["BillNo"], seen["DocumentStatus"]) == (record, "XS1", "A")
    assert (material["Number"], material["Name"]) == ("SKU1", [{"Key": 2052, "Value": "水杯"}])
    assert seen["SAL_OUTSTOCKENTRY"][0]["MaterialID_Id"] == material["Id"]
    assert seen["SAL_OUTSTOCKFIN"][0]["SettleCurrID"]["Number"] == "PRE001"


async def test_view_of_what_is_not_there(desk: Desk) -> None:
    reply = await desk.call("View", FORM, Number="NONE")
    assert (reply.ok, reply.code) == (False, 10)


# --- push ------------------------------------------------------------------------------------------------------------


async def push(desk: Desk, form: str, **data: object) -> tuple[Reply, Reply]:
    """ResponseStatus (of the targets) and ConvertResponseStatus."""
    tree = (await desk.call("Push", form, **data)).tree["Result"]
    statuses = (tree["ResponseStatus"], tree["ConvertResponseStatus"])
    saved, converted = (Reply({"Result": {"ResponseStatus": status}}) for status in statuses)
    return saved, converted


@pytest.mark.parametrize(
    "how",
    [
        {"RuleId": "SaleOrder-OutStock"},
        {"RuleId": "SAL_SaleOrder-SAL_OUTSTOCK"},
        {"IsEnableDefaultRule": "true", "TargetFormId": FORM},
    ],
)
async def test_push_makes_a_target_of_what_is_open(desk: Desk, how: dict[str, str]) -> None:
    await desk.audited("SAL_SaleOrder", sale_order("SO1", 5))
    saved, converted = await push(desk, "SAL_SaleOrder", Numbers=["SO1"], **how)
    assert saved.ok
    assert converted.entities == [(0, "SO1")]
    rows = await desk.ask(FORM, "FDocumentStatus,FRealQty,FSoorDerno,FAllAmount,FCustomerID.FNumber")
    assert rows == [["A", 5, "SO1", 50, "SHOP01"]]
    assert await desk.ask("SAL_SaleOrder", "FStockOutQty,FRemainOutQty") == [[5, 0]]
    again, convert_again = await push(desk, "SAL_SaleOrder", Numbers=["SO1"], **how)
    assert (again.entities, convert_again.ok) == ([], False)
    assert len(desk.state.bills(FORM)) == 1


async def test_a_pushed_bill_needs_its_warehouse_before_it_is_submitted(desk: Desk) -> None:
    await desk.audited("SAL_SaleOrder", sale_order("SO1", 5))
    await push(desk, "SAL_SaleOrder", Numbers=["SO1"], RuleId="SaleOrder-OutStock")
    record, number, entry = (await desk.ask(FORM, "FID,FBillNo,FEntity_FEntryID"))[0]
    assert (await desk.on("Submit", FORM, number)).fields == ["FStockID"]
    row = {"FEntryID": entry, "FStockID": {"FNumber": "CK01"}, "FRealQty": 3}
    assert (await desk.save(FORM, {"FID": record, "FEntity": [row]}, IsDeleteEntry=False)).ok
    assert (await desk.on("Submit", FORM, number)).ok
    assert (await desk.on("Audit", FORM, number)).ok


async def test_push_by_rows(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1", line(), line("SKU2")))
    rows = await desk.ask(FORM, "FEntity_FEntryID,FMaterialID.FNumber")
    chosen = next(str(entry) for entry, material in rows if material == "SKU2")
    saved, _ = await push(desk, FORM, EntryIds=chosen, RuleId="OutStock-SalReturnStock")
    assert saved.ok
    assert await desk.ask("SAL_RETURNSTOCK", "FMaterialId.FNumber,FReturnType.FNumber") == [["SKU2", "THLX01_SYS"]]


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ({"Numbers": ["XS1"], "RuleId": "OutStock-SalReturnStock"}, "XS1"),
        ({"Numbers": ["XS2"], "RuleId": "NoSuchRule"}, "转换规则"),
        ({"Numbers": ["XS2"], "IsEnableDefaultRule": True}, "转换规则"),
        ({"Numbers": ["NONE"], "RuleId": "OutStock-SalReturnStock"}, "NONE"),
    ],
)
async def test_what_cannot_be_pushed(desk: Desk, data: dict[str, object], part: str) -> None:
    await desk.save(FORM, outbound("XS1"))
    await desk.audited(FORM, outbound("XS2"))
    saved, converted = await push(desk, FORM, **data)
    assert (saved.entities, converted.ok) == ([], False)
    assert part in converted.message


async def test_the_push_race_makes_two(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1"))
    await desk.http.post("/_sandbox/switches", json={"push_race": True})
    for _ in range(2):
        saved, _ = await push(desk, FORM, Numbers=["XS1"], RuleId="OutStock-SalReturnStock")
        assert saved.ok
    assert len(desk.state.bills("SAL_RETURNSTOCK")) == 2


async def test_an_audit_may_make_the_receivable(desk: Desk) -> None:
    await desk.http.post("/_sandbox/switches", json={"receivable_on_audit": True})
    reply = await desk.audited(FORM, outbound("XS1"))
    assert [each["Message"] for each in reply.status["SuccessMessages"]] == ["单据编号为“AR000001”的应收单，审核成功！"]
    rows = await desk.ask("AR_receivable", "FDocumentStatus,FALLAMOUNTFOR,FALLAMOUNTFOR_D,FSourceBillNo")
    assert rows == [["C", 113, 113, "XS1"]]
    assert not (await desk.on("UnAudit", FORM, "XS1")).ok


async def test_a_receivable_by_push_carries_the_currency(desk: Desk, state: GalaxyState) -> None:
    model = outbound("XS1", line(quantity=1, FTaxPrice=10, FEntryTaxRate=0))
    model["SubHeadEntity"] |= {"FSettleCurrID": {"FNumber": "PRE007"}, "FExchangeRate": 7}
    await desk.audited(FORM, model)
    saved, _ = await push(desk, FORM, Numbers=["XS1"], RuleId="AR_OutStockToReceivableMap")
    assert saved.ok
    rows = await desk.ask("AR_receivable", "FCURRENCYID.FNumber,FALLAMOUNTFOR,FAllAmount")
    assert rows == [["PRE007", 10, 70]]


async def test_the_chain_order_notice_outbound(desk: Desk) -> None:
    await desk.audited("SAL_SaleOrder", sale_order("SO1", 4))
    await push(desk, "SAL_SaleOrder", Numbers=["SO1"], RuleId="SaleOrder-DeliveryNotice")
    notice = desk.state.bills("SAL_DELIVERYNOTICE")[0]["number"]
    assert (await desk.on("Submit", "SAL_DELIVERYNOTICE", notice)).ok
    assert (await desk.on("Audit", "SAL_DELIVERYNOTICE", notice)).ok
    saved, converted = await push(desk, "SAL_DELIVERYNOTICE", Numbers=[notice], RuleId="DeliveryNotice-OutStock")
    assert (saved.errors, converted.errors) == ([], [])
    assert await desk.ask(FORM, "FRealQty,FSoorDerno,FSrcBillNo") == [[4, "SO1", notice]]


# --- links -----------------------------------------------------------------------------------------------------------

RETURN = "SAL_RETURNSTOCK"


async def linked(desk: Desk, number: str, quantity: int, material: str = "SKU1", **changes: str) -> Reply:
    """Save a return of some of XS1's only row."""
    record, entry = (await desk.ask(FORM, "FID,FEntity_FEntryID", "FBillNo='XS1'"))[0]
    rows = link(
        changes.get("bill", record), changes.get("entry", entry), changes.get("rule", "OutStock-SalReturnStock")
    )
    rows[0] |= {f"FEntity_Link_{key}": value for key, value in changes.items() if key.startswith("F")}
    return await desk.save(RETURN, returned(number, line(material, quantity, FEntity_Link=rows)))


async def test_returns_never_exceed_what_went_out(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1", line(quantity=5)))
    assert (await linked(desk, "R1", 3)).ok
    assert await desk.ask(FORM, "FReturnQty") == [[3]]
    refused = await linked(desk, "R2", 3)
    assert (refused.code, refused.ok) == (11, False)
    assert "2" in refused.message
    assert (await linked(desk, "R2", 2)).ok
    assert (await desk.on("Delete", RETURN, "R1")).ok
    assert await desk.ask(FORM, "FReturnQty") == [[2]]
    assert (await linked(desk, "R3", 3)).ok


async def test_two_rows_of_one_return_count_together(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1", line(quantity=5)))
    record, entry = (await desk.ask(FORM, "FID,FEntity_FEntryID"))[0]
    rows = [line(quantity=3, FEntity_Link=link(record, entry)) for _ in range(2)]
    assert (await desk.save(RETURN, returned("R1", *rows))).code == 11
    assert await desk.ask(FORM, "FReturnQty") == [[0]]


async def test_an_updated_return_takes_only_its_new_quantity(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1", line(quantity=5)))
    first = await linked(desk, "R1", 3)
    entry = await desk.entry_id(RETURN, "R1")
    for quantity, ok, taken in ((5, True, 5), (6, False, 5), (1, True, 1)):
        source = (await desk.ask(FORM, "FID,FEntity_FEntryID"))[0]
        row = line(quantity=quantity, FEntryID=entry, FEntity_Link=link(*source))
        assert (await desk.save(RETURN, {"FID": first.id, "FEntity": [row]})).ok is ok
        assert await desk.ask(FORM, "FReturnQty") == [[taken]]


async def test_a_source_with_returns_is_neither_unaudited_nor_deleted(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1", line(quantity=5)))
    await linked(desk, "R1", 1)
    refused = await desk.on("UnAudit", FORM, "XS1")
    assert (refused.ok, refused.code) == (False, 11)
    assert "R1" in refused.message
    assert await desk.status_of(FORM, "XS1") == "C"
    await desk.on("Delete", RETURN, "R1")
    assert (await desk.on("UnAudit", FORM, "XS1")).ok
    assert (await desk.on("Delete", FORM, "XS1")).ok


async def test_a_cancelled_return_frees_its_source(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1", line(quantity=5)))
    await linked(desk, "R1", 5)
    for operation, taken in (("Cancel", 0), ("UnCancel", 5)):
        body = {"formid": RETURN, "opNumber": operation, "data": {"Numbers": ["R1"]}}
        assert Reply((await desk.post("ExcuteOperation", body)).json()).ok
        assert await desk.ask(FORM, "FReturnQty") == [[taken]]


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": "NoSuchRule"},
        {"entry": "999999"},
        {"bill": "999999"},
        {"bill": "abc"},
        {"material": "SKU2"},
        {"FSTableName": "T_SAL_ORDERENTRY"},
    ],
)
async def test_a_link_to_the_wrong_place_is_refused(desk: Desk, changes: dict[str, str]) -> None:
    await desk.audited(FORM, outbound("XS1", line(quantity=5)))
    reply = await linked(desk, "R1", 1, **changes)
    assert (reply.ok, reply.code) == (False, 11)
    assert desk.state.bills(RETURN) == []


async def test_a_link_to_an_unaudited_source_is_refused(desk: Desk) -> None:
    await desk.save(FORM, outbound("XS1"))
    assert "未审核" in (await linked(desk, "R1", 1)).message


async def test_a_tenant_may_call_a_rule_otherwise(desk: Desk) -> None:
    desk.state.add_rule_alias("OutStock-SalReturnStock", "b1f0e1")
    await desk.audited(FORM, outbound("XS1"))
    assert (await linked(desk, "R1", 1, rule="b1f0e1")).ok
    with pytest.raises(KeyError):
        desk.state.add_rule_alias("NoSuchRule", "x")


async def test_links_can_be_queried_and_audited(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1"))
    await linked(desk, "R1", 2)
    record, entry = (await desk.ask(FORM, "FID,FEntity_FEntryID"))[0]
    rows = await desk.ask(RETURN, "FBillNo,FEntity_Link_FSBillId", f"FEntity_Link_FSId='{entry}'")
    assert rows == [["R1", str(record)]]
    links = desk.state.bills(RETURN)[0]["lines"][0]["links"]
    assert links == [
        {"rule": "OutStock-SalReturnStock", "form": FORM, "bill_id": record, "entry_id": entry, "quantity": 2}
    ]


async def test_an_audit_whose_receivable_is_refused_is_taken_back_whole(desk: Desk) -> None:
    """The receivable bears today's date, which lies in the closed period; the outbound's does not."""
    desk.state.switches.receivable_on_audit = True
    desk.state.switches.closed_until = "2998-12-31"
    await desk.save(FORM, outbound("XS1", FDate="2999-01-01"))
    await desk.on("Submit", FORM, "XS1")
    assert (await desk.on("Audit", FORM, "XS1")).fields == ["FDate"]
    assert await desk.status_of(FORM, "XS1") == "B"
    assert desk.state.stock_quantity("CK01", "SKU1") == 100
    assert desk.state.bills("AR_receivable") == []
    desk.state.switches.closed_until = None
    assert (await desk.on("Audit", FORM, "XS1")).ok
    assert desk.state.stock_quantity("CK01", "SKU1") == 98
