"""Save, BatchSave and Draft: what is taken, what is refused and why, what is computed (section 7.1 to 7.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.jsontext import loads
from sandbox.galaxy.metadata import Kind
from tests.sandbox.galaxy.desk import Desk, Reply, line, outbound, returned

FORM = "SAL_OUTSTOCK"


async def test_a_new_bill_is_created_in_status_a(desk: Desk) -> None:
    reply = await desk.save(FORM, outbound("XS1"), NeedReturnFields=["FEntity.FEntryID", "FBillNo", "FSettleCurrID"])
    assert reply.status == {
        "IsSuccess": True,
        "Errors": [],
        "SuccessEntitys": [{"Id": reply.id, "Number": "XS1", "DIndex": 0}],
        "SuccessMessages": [],
        "MsgCode": 0,
    }
    entry = await desk.entry_id(FORM, "XS1")
    returned_data = reply.tree["Result"]["NeedReturnData"][0]
    assert returned_data["FEntity"] == [{"FEntryID": entry}]
    assert (returned_data["FBillNo"], returned_data["FSettleCurrID"]["Number"]) == ("XS1", "PRE001")
    assert await desk.status_of(FORM, "XS1") == "A"


async def test_a_number_is_used_once(desk: Desk) -> None:
    await desk.save(FORM, outbound("XS1"))
    again = await desk.save(FORM, outbound("XS1"))
    assert again.errors == [(0, "FBillNo", "违反字段唯一性要求：编码唯一。[XS1]在当前系统中已经被使用。")]
    assert again.code == 11
    assert len(desk.state.bills(FORM)) == 1


async def test_without_a_number_the_server_gives_free_ones(desk: Desk) -> None:
    await desk.save(FORM, outbound("XSCKD000001"))
    numbers = [(await desk.save(FORM, outbound(None))).entities[0][1] for _ in range(2)]
    assert numbers == ["XSCKD000002", "XSCKD000003"]


async def test_a_number_has_a_longest_length(desk: Desk) -> None:
    assert (await desk.save(FORM, outbound("N" * 80))).ok
    assert (await desk.save(FORM, outbound("M" * 81))).fields == ["FBillNo"]


@pytest.mark.parametrize(
    ("field", "where"),
    [("FDate", "head"), ("FSaleOrgId", "head"), ("FCustomerID", "head"), ("FMaterialID", "row"), ("FOwnerID", "row")],
)
async def test_required_fields_are_named(desk: Desk, field: str, where: str) -> None:
    model = outbound("XS1", FEntity=[line()])
    (model if where == "head" else model["FEntity"][0]).pop(field)
    reply = await desk.save(FORM, model)
    assert field in reply.fields
    assert all(message.endswith("是必填项") for _, _, message in reply.errors)
    assert reply.tree["Result"]["Id"] == ""


async def test_all_that_is_missing_is_said_at_once(desk: Desk) -> None:
    reply = await desk.save(FORM, outbound("XS1", line(FStockID=None), FDate=None))
    assert reply.fields == ["FDate", "FStockID"]
    assert "字段“日期”是必填项" in reply.message


async def test_validation_can_be_switched_off(desk: Desk) -> None:
    assert (await desk.save(FORM, outbound("XS1", FDate=None), ValidateFlag="false")).ok


async def test_unknown_keys_and_wrappers_are_ignored(desk: Desk) -> None:
    assert (await desk.save(FORM, outbound("XS1", FNoSuch=1, BillNo="other", F_NOT_MINE={"FNumber": "x"}))).ok
    wrapped = await desk.save(FORM, {"FBillHead": outbound("XS2")})
    assert "FSaleOrgId" in wrapped.fields


@pytest.mark.parametrize(
    "wrapping", [{"FNumber": "SKU1"}, {"FNUMBER": "SKU1"}, {"fnumber": "SKU1"}, "id", {"Id": "id"}]
)
async def test_base_data_is_found_in_any_wrapping(desk: Desk, wrapping: Any) -> None:
    material_id = (await desk.ask("BD_MATERIAL", "FMATERIALID", "FNumber='SKU1'"))[0][0]
    raw = material_id if wrapping == "id" else {"Id": material_id} if wrapping == {"Id": "id"} else wrapping
    await desk.save(FORM, outbound("XS1", line(FMaterialID=raw)))
    assert await desk.ask(FORM, "FMaterialID.FNumber", "FBillNo='XS1'") == [["SKU1"]]


async def test_unresolved_base_data_becomes_empty_unless_verified(desk: Desk) -> None:
    model = outbound("XS1", FReceiverID={"FNumber": "NOBODY"})
    refused = await desk.save(FORM, model, IsVerifyBaseDataField=True)
    assert (refused.fields, refused.code) == (["FReceiverID"], 11)
    assert "NOBODY" in refused.message
    assert (await desk.save(FORM, model)).ok
    assert await desk.ask(FORM, "FReceiverID,FReceiverID.FNumber") == [[0, None]]


async def test_unresolved_required_base_data_fails_as_missing(desk: Desk) -> None:
    reply = await desk.save(FORM, outbound("XS1", line("GHOST")))
    assert reply.errors == [(0, "FMaterialID", "字段“物料编码”是必填项")]


@pytest.mark.parametrize("operation", ["Forbid", "unaudited"])
async def test_forbidden_and_unaudited_base_data_cannot_be_used(desk: Desk, operation: str) -> None:
    if operation == "Forbid":
        done = await desk.post(
            "ExcuteOperation", {"formid": "BD_MATERIAL", "opNumber": "Forbid", "data": {"Numbers": ["SKU1"]}}
        )
        assert Reply(done.json()).ok
    else:
        await desk.on("UnAudit", "BD_MATERIAL", "SKU1")
    assert (await desk.save(FORM, outbound("XS1"), IsVerifyBaseDataField=True)).fields == ["FMaterialID"]
    assert (await desk.save(FORM, outbound("XS1"))).fields == ["FMaterialID"]


async def test_a_value_that_is_none_is_refused(desk: Desk) -> None:
    reply = await desk.save(FORM, outbound("XS1", line(quantity="two"), FDate="soon"))
    assert set(reply.fields) == {"FDate", "FRealQty"}


@pytest.mark.parametrize("quantity", [0, -1])
async def test_quantities_are_positive(desk: Desk, quantity: int) -> None:
    assert (await desk.save(FORM, outbound("XS1", line(quantity=quantity)))).fields == ["FRealQty"]


# --- update ----------------------------------------------------------------------------------------------------------


async def entry_ids(desk: Desk, number: str = "XS1") -> list[int]:
    return [row[0] for row in await desk.ask(FORM, "FEntity_FEntryID", f"FBillNo='{number}'")]


async def test_an_update_keeps_id_number_and_rows_it_names(desk: Desk) -> None:
    first = await desk.save(FORM, outbound("XS1", line(), line("SKU2")))
    ids = await entry_ids(desk)
    changed = await desk.save(FORM, {"FID": first.id, "FNote": "n", "FEntity": [{"FENTRYID": ids[1], "FRealQty": 7}]})
    assert (changed.id, changed.entities) == (first.id, [(0, "XS1")])
    rows = await desk.ask(FORM, "FEntity_FEntryID,FEntity_FSeq,FMaterialID.FNumber,FRealQty,FNote")
    assert rows == [[ids[1], 1, "SKU2", 7, "n"]]


async def test_rows_not_named_stay_when_asked_and_new_ones_are_added(desk: Desk) -> None:
    first = await desk.save(FORM, outbound("XS1"))
    reply = await desk.save(FORM, {"FID": first.id, "FEntity": [line("SKU2")]}, IsDeleteEntry="false")
    assert reply.ok
    assert await desk.ask(FORM, "FEntity_FSeq,FMaterialID.FNumber") == [[1, "SKU1"], [2, "SKU2"]]


async def test_only_the_fields_asked_for_are_updated(desk: Desk) -> None:
    first = await desk.save(FORM, outbound("XS1", line(FEntrynote="old")))
    entry = (await entry_ids(desk))[0]
    model = {
        "FID": first.id,
        "FNote": "new",
        "FCarriageNO": "SF1",
        "FEntity": [{"FEntryID": entry, "FEntrynote": "new", "FRealQty": 9}],
    }
    assert (await desk.save(FORM, model, NeedUpDateFields=["FNote", "FEntity", "FEntrynote"])).ok
    assert await desk.ask(FORM, "FNote,FCarriageNO,FEntrynote,FRealQty") == [["new", None, "new", 2]]


async def test_an_unknown_id_is_not_found(desk: Desk) -> None:
    assert (await desk.save(FORM, {**outbound("XS1"), "FID": 424242})).code == 10


async def test_a_refused_update_changes_nothing(desk: Desk) -> None:
    first = await desk.save(FORM, outbound("XS1"))
    before = desk.state.bills(FORM)
    assert not (await desk.save(FORM, {"FID": first.id, "FNote": "new", "FEntity": [line(quantity=0)]})).ok
    assert desk.state.bills(FORM) == before
    assert await desk.ask(FORM, "FBillNo", "FBillNo='XS1'") == [["XS1"]]


@pytest.mark.parametrize("steps", [("Submit",), ("Submit", "Audit")])
async def test_a_submitted_or_audited_bill_is_not_changed(desk: Desk, steps: tuple[str, ...]) -> None:
    first = await desk.save(FORM, outbound("XS1"))
    for step in steps:
        assert (await desk.on(step, FORM, "XS1")).ok
    assert not (await desk.save(FORM, {"FID": first.id, "FNote": "new"})).ok


# --- drafts, batches, one transaction --------------------------------------------------------------------------------


async def test_a_draft_may_be_incomplete_and_unnumbered(desk: Desk) -> None:
    draft = await desk.call("Draft", FORM, Model={"FSaleOrgId": {"FNumber": "100"}})
    assert draft.entities == [(0, "")]
    assert await desk.ask(FORM, "FDocumentStatus,FBillNo") == [["Z", ""]]
    completed = await desk.save(FORM, {**outbound("XS1"), "FID": draft.id})
    assert completed.id == draft.id
    assert await desk.status_of(FORM, "XS1") == "A"


async def test_a_failed_save_may_be_kept_as_a_draft(desk: Desk) -> None:
    assert (await desk.save(FORM, outbound(None, FDate=None), IsDraftWhenSaveFail=True)).ok
    assert [bill["status"] for bill in desk.state.bills(FORM)] == ["Z"]


async def test_packets_of_a_batch_stand_alone(desk: Desk) -> None:
    models = [outbound("XS1"), outbound("XS1"), outbound("XS2", FDate=None), outbound("XS3")]
    reply = await desk.call("BatchSave", FORM, Model=models, BatchCount=2)
    assert reply.entities == [(0, "XS1"), (3, "XS3")]
    assert [(index, field) for index, field, _ in reply.errors] == [(1, "FBillNo"), (2, "FDate")]
    assert (reply.ok, reply.code) == (False, 11)
    assert len(reply.tree["Result"]["NeedReturnData"]) == 4


async def test_save_submit_audit_is_one_transaction(desk: Desk) -> None:
    reply = await desk.call(
        "BatchSave",
        FORM,
        Model=[outbound("XS1"), outbound("XS2", line(quantity=1000)), outbound("XS3")],
        IsAutoSubmitAndAudit=True,
    )
    assert reply.entities == [(0, "XS1"), (2, "XS3")]
    assert [(index, field) for index, field, _ in reply.errors] == [(1, "AbstractInteractionResult")]
    assert [await desk.status_of(FORM, number) for number in ("XS1", "XS2", "XS3")] == ["C", None, "C"]
    assert desk.state.stock_quantity("CK01", "SKU1") == 96


async def test_a_refused_update_in_one_transaction_is_rolled_back(desk: Desk) -> None:
    first = await desk.save(FORM, outbound("XS1"))
    before = desk.state.bills(FORM)
    model = {"FID": first.id, "FEntity": [line(quantity=1000)]}
    assert (await desk.save(FORM, model, IsAutoSubmitAndAudit=True)).fields == ["AbstractInteractionResult"]
    assert desk.state.bills(FORM) == before


async def test_a_packet_sent_twice_is_refused_when_asked(desk: Desk) -> None:
    model = outbound(None)
    assert (await desk.save(FORM, model, ValidateRepeatJson=True)).ok
    assert not (await desk.save(FORM, model, ValidateRepeatJson=True)).ok
    assert (await desk.save(FORM, model)).ok


async def test_asynchronous_batch_save_is_polled(desk: Desk) -> None:
    await desk.http.post("/_sandbox/switches", json={"poll_count": 2})
    body = {
        "formid": FORM,
        "data": {"Model": [outbound("XS1")]},
        "beginmethod": "BeginQueryImpl",
        "querymethod": "QueryAsyncResult",
    }
    begun = loads((await desk.post("BatchSave", body)).text)
    assert begun["Status"] == 0
    info = {"queryInfo": f'{{"TaskId": "{begun["TaskId"]}", "Cancelled": false}}'}
    polls = [loads((await desk.post("QueryAsyncResult", info)).text) for _ in range(2)]
    assert [poll["Status"] for poll in polls] == [1, 2]
    assert Reply(polls[1]["Result"]).entities == [(0, "XS1")]
    assert (await desk.post("QueryAsyncResult", info)).text.startswith("response_error:")


# --- what the server computes ----------------------------------------------------------------------------------------

AMOUNTS = "FPrice,FTaxPrice,FAmount,FEntryTaxAmount,FAllAmount,FAmount_LC,FTaxAmount_LC,FAllAmount_LC"


async def amounts(desk: Desk, *rows: dict[str, Any], **finance: object) -> list[list[Decimal]]:
    model = outbound("XS1", *rows)
    model["SubHeadEntity"] |= finance
    reply = await desk.save(FORM, model)
    assert reply.ok, reply.errors
    return [[Decimal(value) for value in row] for row in await desk.ask(FORM, AMOUNTS)]


def decimals(*values: str) -> list[Decimal]:
    return [Decimal(value) for value in values]


async def test_prices_with_tax(desk: Desk) -> None:
    rows = await amounts(desk, line(quantity=3, FTaxPrice=Decimal("33.33")))
    assert rows == [decimals("29.495575", "33.33", "88.49", "11.50", "99.99", "88.49", "11.50", "99.99")]


async def test_prices_without_tax(desk: Desk) -> None:
    rows = await amounts(desk, line(quantity=3, FTaxPrice=None, FPrice=Decimal("33.335")), FIsIncludedTax=False)
    assert rows == [decimals("33.335", "37.66855", "100.01", "13.00", "113.01", "100.01", "13.00", "113.01")]


async def test_discounts_and_free_goods(desk: Desk) -> None:
    rows = await amounts(
        desk,
        line(quantity=2, FTaxPrice=50, FDiscountRate=10, FEntryTaxRate=0),
        line(quantity=2, FTaxPrice=50, FDiscount=5, FEntryTaxRate=0),
        line(quantity=2, FTaxPrice=50, FIsFree=True),
    )
    assert [row[4] for row in rows] == decimals("90", "95", "0")


async def test_halves_are_rounded_up(desk: Desk) -> None:
    rows = await amounts(desk, line(quantity=1, FTaxPrice=Decimal("0.125"), FEntryTaxRate=0))
    assert rows[0][4] == Decimal("0.13")


async def test_local_currency_per_line_and_totals_are_sums_of_lines(desk: Desk) -> None:
    row = line(quantity=1, FTaxPrice=Decimal("0.33"), FEntryTaxRate=0)
    rows = await amounts(desk, row, row, row, FSettleCurrID={"FNumber": "PRE007"}, FExchangeRate=Decimal("7.1055"))
    assert [each[7] for each in rows] == decimals("2.34", "2.34", "2.34")
    head = await desk.ask(
        FORM,
        "FBillAmount,FBillTaxAmount,FBillAllAmount,FBillAmount_LC,FBillAllAmount_LC,FExchangeRate",
        "FEntity_FSeq=1",
    )
    assert [Decimal(value) for value in head[0]] == decimals("0.99", "0", "0.99", "7.02", "7.02", "7.1055")


async def test_a_foreign_currency_needs_a_rate_sent_or_on_file(desk: Desk) -> None:
    model = outbound("XS1")
    model["SubHeadEntity"]["FSettleCurrID"] = {"FNumber": "PRE007"}
    assert (await desk.save(FORM, model)).errors == [(0, "FExchangeRate", "字段“汇率”是必填项")]
    desk.state.add_rate("PRE007", Decimal("7.2"), begin="2026-05-01", end="2026-05-31")
    assert (await desk.save(FORM, model)).ok
    assert (await desk.ask(FORM, "FExchangeRate"))[0][0] == Decimal("7.2")
    model["FDate"] = "2026-06-01"
    assert (await desk.save(FORM, {**model, "FBillNo": "XS2"})).fields == ["FExchangeRate"]


async def test_returns_are_computed_alike(desk: Desk) -> None:
    model = returned("R1", line(quantity=2))
    model["SubHeadEntity"] |= {"FSettleCurrID": {"FNumber": "PRE004"}, "FExchangeRate": Decimal("0.0481")}
    assert (await desk.save("SAL_RETURNSTOCK", model)).ok
    rows = await desk.ask("SAL_RETURNSTOCK", "FAllAmount,FAllAmount_LC,FBillAllAmount_LC")
    assert rows == [[Decimal("113.00"), Decimal("5.44"), Decimal("5.44")]]


# --- data-driven forms -----------------------------------------------------------------------------------------------


async def test_a_tenant_adds_its_own_fields(desk: Desk) -> None:
    desk.state.add_field(FORM, "FEntity", "F_PSEH_TEXT", indexed=True)
    desk.state.add_field(FORM, "FBillHead", "F_PSEH_ORG", kind=Kind.BASE, ref="ORG_Organizations")
    await desk.save(FORM, outbound("XS1", line(F_PSEH_TEXT="so-1"), F_PSEH_ORG={"FNumber": "100"}))
    await desk.save(FORM, outbound("XS2", line(F_PSEH_TEXT="so-2")))
    rows = await desk.ask(FORM, "FBillNo,F_PSEH_TEXT,F_PSEH_ORG.FNumber", "F_PSEH_TEXT in ('so-1','so-9')")
    assert rows == [["XS1", "so-1", "100"]]


async def test_base_data_is_a_form_like_any_other(desk: Desk) -> None:
    model = {
        "FNumber": "NEW1",
        "FName": "新物料",
        "SubHeadEntity": {"FErpClsID": "6", "FBaseUnitId": {"FNumber": "Pcs"}},
        "SubHeadEntity1": {"FIsBatchManage": "true"},
    }
    await desk.audited("BD_MATERIAL", model)
    rows = await desk.ask(
        "BD_MATERIAL", "FName,FErpClsID,FIsBatchManage,FIsKFPeriod,FDocumentStatus,FForbidStatus", "FNumber='NEW1'"
    )
    assert rows == [["新物料", "6", True, False, "C", "A"]]
    assert (await desk.save("BD_MATERIAL", model)).fields == ["FNumber"]


async def test_an_exchange_rate_can_be_written(desk: Desk) -> None:
    model = {
        "FRATETYPEID": {"FNumber": "HLTX01_SYS"},
        "FCyForID": {"FNumber": "PRE007"},
        "FCyToID": {"FNumber": "PRE001"},
        "FExchangeRate": Decimal("7.1000"),
        "FBegDate": "2026-05-01",
        "FEndDate": "2026-05-01",
    }
    await desk.audited("BD_Rate", model)
    rows = await desk.ask("BD_Rate", "FExchangeRate,FBegDate", "FCyForID.FNumber='PRE007' and FCyToID.FNumber='PRE001'")
    assert rows == [[Decimal("7.1000"), "2026-05-01T00:00:00"]]


async def test_base_data_of_another_organisation_cannot_be_used_until_allocated(desk: Desk) -> None:
    desk.state.add_organization("200")
    desk.state.add_material("ONLY200", org="200")
    assert (await desk.save(FORM, outbound("XS1", line("ONLY200")))).fields == ["FMaterialID"]
    ids = [
        str((await desk.ask(form, key, f"FNumber='{number}'"))[0][0])
        for form, key, number in (
            ("BD_MATERIAL", "FMATERIALID", "ONLY200"),
            ("ORG_Organizations", "FOrgID", "100"),
        )
    ]
    reply = await desk.call("Allocate", "BD_MATERIAL", PkIds=ids[0], TOrgIds=ids[1], IsAutoSubmitAndAudit=True)
    assert reply.entities == [(0, "ONLY200")]
    assert (await desk.save(FORM, outbound("XS1", line("ONLY200")))).ok
    rows = await desk.ask("BD_MATERIAL", "FUseOrgId.FNumber", "FNumber='ONLY200'")
    assert sorted(rows) == [["100"], ["200"]]


async def test_switching_organisation(desk: Desk) -> None:
    assert Reply((await desk.post("SwitchOrg", {"data": {"OrgNumber": "100"}})).json()).ok
    assert Reply((await desk.post("SwitchOrg", {"data": {"OrgNumber": "999"}})).json()).code == 10


async def test_metadata_names_required_fields(desk: Desk) -> None:
    described = (await desk.post("QueryBusinessInfo", {"data": {"FormId": FORM}})).json()["Result"]["NeedReturnData"]
    fields = {field["Key"]: field for entry in described["Entrys"] for field in entry["Fields"]}
    assert (fields["FSaleOrgId"]["MustInput"], fields["FNote"]["MustInput"]) == (1, 0)
    assert fields["FMaterialID"]["LookUpObjectID"] == "BD_MATERIAL"


async def test_unknown_and_missing_forms(desk: Desk) -> None:
    assert (await desk.save("SAL_NOTHING", {})).errors[0][2] == '标识为"SAL_NOTHING"的业务对象不存在'
    assert (await desk.save("SAL_NOTHING", {})).code == 4
    assert (await desk.save("", {})).code == 5
    assert (await desk.save("STK_Inventory", {})).code == 12
