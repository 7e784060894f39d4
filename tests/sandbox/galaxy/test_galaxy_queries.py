"""ExecuteBillQuery and BillQuery: filters in both forms, order, pages, errors (section 7.11 and 7.12)."""

from __future__ import annotations

from typing import Any

import pytest

from domain.jsontext import loads
from tests.sandbox.galaxy.desk import Desk, Reply, line, outbound, returned

FORM = "SAL_OUTSTOCK"


@pytest.fixture
async def shop(desk: Desk) -> Desk:
    """XS1 … XS4: two days, two materials, one of them audited, one with two rows."""
    rows = [
        outbound("XS1", line("SKU1", 1, FThirdEntryId="t1"), line("SKU2", 2, FThirdEntryId="t2"), FDate="2026-05-01"),
        outbound("XS2", line("SKU2", 3, FThirdEntryId="t3"), FDate="2026-05-02", FNote="it's 100% new"),
        outbound("XS3", line("SKU1", 4, FIsFree=True), FDate="2026-05-02"),
        outbound("OTHER_4", line("SKU1", 5), FDate="2026-05-03"),
    ]
    for model in rows:
        assert (await desk.save(FORM, model)).ok
    await desk.on("Submit", FORM, "XS2")
    await desk.on("Audit", FORM, "XS2")
    return desk


FILTERS: dict[str, list[str]] = {
    "": ["XS1", "XS2", "XS3", "OTHER_4"],
    "FBillNo='XS2'": ["XS2"],
    "fbillno = 'XS2'": ["XS2"],
    "FBillNo<>'XS2'": ["XS1", "XS3", "OTHER_4"],
    "FBillNo in ('XS3','XS1','NONE')": ["XS1", "XS3"],
    "FBillNo not in ('XS3','XS1')": ["XS2", "OTHER_4"],
    "FBillNo like 'XS%'": ["XS1", "XS2", "XS3"],
    "FBillNo LIKE '_S3'": ["XS3"],
    "FBillNo not like 'XS%'": ["OTHER_4"],
    "FDate>='2026-05-02'": ["XS2", "XS3", "OTHER_4"],
    "FDate>='2026-05-01 00:00:00' and FDate<'2026-05-02T00:00:00'": ["XS1"],
    "FDate>'2026-05-02' or FBillNo='XS1'": ["XS1", "OTHER_4"],
    "FDocumentStatus='C' or FDocumentStatus='A' and FDate<'2026-05-02'": ["XS1", "XS2"],
    "(FDocumentStatus='C' or FDocumentStatus='A') and FDate<'2026-05-02'": ["XS1"],
    "not (FBillNo='XS1' or FBillNo='XS2')": ["XS3", "OTHER_4"],
    "FNote is null": ["XS1", "XS3", "OTHER_4"],
    "FNote is not null": ["XS2"],
    "FNote=''": ["XS1", "XS3", "OTHER_4"],
    "FNote='it''s 100% new'": ["XS2"],
    "FCustomerID.FNumber='SHOP01' and FSaleOrgId.FNumber='100'": ["XS1", "XS2", "XS3", "OTHER_4"],
    "FCustomerID.FName like '%旗舰%' and FBillNo='XS1'": ["XS1"],
    "FMaterialID.FNumber='SKU2'": ["XS1", "XS2"],
    "FMaterialID.FNumber in ('SKU2') and FRealQty>2": ["XS2"],
    "FRealQty<=2.0": ["XS1"],
    "FRealQty<2": ["XS1"],
    "FRealQty!=5 and FRealQty>3.5": ["XS3"],
    "FIsFree='true'": ["XS3"],
    "FIsFree=1": ["XS3"],
    "FCancelStatus='A' and FBillNo='XS1'": ["XS1"],
    "FThirdEntryId='t2'": ["XS1"],
    "FThirdEntryId in ('t1','t2','t3')": ["XS1", "XS2"],
    "1=1 and FBillNo='XS1'": ["XS1"],
    "1=2": [],
    "FBillNo='NONE'": [],
    "FBillTypeID.FNumber=N'XSCKD01_SYS' and FBillNo='XS3'": ["XS3"],
}


@pytest.mark.parametrize("where", FILTERS)
async def test_text_filters(shop: Desk, where: str) -> None:
    rows = await shop.ask(FORM, "FBillNo", where)
    assert list(dict.fromkeys(row[0] for row in rows)) == FILTERS[where]


def condition(
    field: str, compare: object, value: object, logic: object = 0, left: str = "", right: str = ""
) -> dict[str, Any]:
    return {"Left": left, "FieldName": field, "Compare": compare, "Value": value, "Right": right, "Logic": logic}


ARRAYS: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([], ["XS1", "XS2", "XS3", "OTHER_4"]),
    ([condition("FBillNo", 67, "XS1")], ["XS1"]),
    ([condition("FBillNo", "67", "XS1")], ["XS1"]),
    ([condition("FBillNo", "=", "XS1", 1), condition("FBillNo", "=", "XS2", "AND")], ["XS1", "XS2"]),
    ([condition("FDate", ">=", "2026-05-02", "AND"), condition("FRealQty", "<", 4)], ["XS2"]),
    (
        [
            condition("FBillNo", "=", "XS1", "or", left="("),
            condition("FBillNo", "=", "OTHER_4", 0, right=")"),
            condition("FMaterialID.FNumber", "=", "SKU1"),
        ],
        ["XS1", "OTHER_4"],
    ),
    ([condition("FBillNo", "in", "XS1,XS2")], ["XS1", "XS2"]),
    ([condition("FBillNo", "in", ["XS1", "XS3"])], ["XS1", "XS3"]),
    ([condition("FBillNo", "not in", "('XS1','XS3')")], ["XS2", "OTHER_4"]),
    ([condition("FBillNo", "like", "XS%")], ["XS1", "XS2", "XS3"]),
    ([condition("FNote", "is not null", "")], ["XS2"]),
    ([condition("FIsFree", "=", True)], ["XS3"]),
]


@pytest.mark.parametrize(("where", "expected"), ARRAYS)
async def test_array_filters(shop: Desk, where: list[dict[str, Any]], expected: list[str]) -> None:
    rows = await shop.ask(FORM, "FBillNo", where)
    assert list(dict.fromkeys(row[0] for row in rows)) == expected


async def test_filters_by_ids(shop: Desk) -> None:
    record, entry, material = (await shop.ask(FORM, "FID,FEntity_FEntryID,FMaterialID", "FBillNo='XS2'"))[0]
    for where in (
        f"FID={record}",
        f"FID in ('{record}')",
        f"FEntity_FEntryID={entry}",
        f"FID>={record} and FID<={record}",
    ):
        assert await shop.ask(FORM, "FBillNo", where) == [["XS2"]]
    assert len(await shop.ask(FORM, "FEntity_FEntryID", f"FMaterialID={material}")) == 2


BAD_FILTERS = [
    "FBillNo",
    "FBillNo=",
    "FBillNo='XS1",
    "FBillNo=='XS1'",
    "FBillNo='XS1' and",
    "(FBillNo='XS1'",
    "FBillNo in 'XS1'",
    "FBillNo in ()",
    "FBillNo is 'XS1'",
    "FBillNo not = 'XS1'",
    "FBillNo='XS1' FBillNo='XS2'",
    "FRealQty>'many'",
    "FDate>'soon'",
    "1 like 2",
    "(" * 300 + "FBillNo='XS1'" + ")" * 300,
]


@pytest.mark.parametrize(
    "where",
    [*BAD_FILTERS, [condition("FBillNo", 12345, "X")], [condition("FBillNo", "=", "X", left="[")], {"a": 1}, ["x"]],
)
async def test_a_filter_that_cannot_be_understood(shop: Desk, where: object) -> None:
    reply = Reply(await shop.ask(FORM, "FBillNo", where))
    assert (reply.ok, reply.code) == (False, 8)
    assert reply.message.startswith("当前查询串无法解析--")


@pytest.mark.parametrize("part", ["FieldKeys", "FilterString", "OrderString"])
@pytest.mark.parametrize("key", ["FNoSuchField", "FMaterialID.FNoSuch", "FNote.FNumber", "FNone_FEntryID"])
async def test_unknown_fields_are_errors_inside_a_row(shop: Desk, part: str, key: str) -> None:
    parts = {"FieldKeys": "FBillNo", "FilterString": "", "OrderString": ""}
    parts[part] = f"{key}='1'" if part == "FilterString" else key
    answer = await shop.ask(FORM, parts["FieldKeys"], parts["FilterString"], OrderString=parts["OrderString"])
    assert isinstance(answer[0][0], dict)
    assert (Reply(answer).code, Reply(answer).message) == (9, f"元数据中标识为{key}的字段不存在")


async def test_unknown_forms_are_errors(shop: Desk) -> None:
    reply = Reply(await shop.ask("SAL_NOTHING", "FID"))
    assert (reply.code, reply.message) == (4, '标识为"SAL_NOTHING"的业务对象不存在')


async def test_head_values_repeat_per_row(shop: Desk) -> None:
    rows = await shop.ask(FORM, "FBillNo,FEntity_FSeq,FMaterialID.FNumber,FMaterialID.FName", "FBillNo='XS1'")
    assert rows == [["XS1", 1, "SKU1", "水杯"], ["XS1", 2, "SKU2", "SKU2"]]
    assert await shop.ask(FORM, "FBillNo,FDate", "FBillNo='XS1'") == [["XS1", "2026-05-01T00:00:00"]]


async def test_an_entry_filter_multiplies_head_rows_too(shop: Desk) -> None:
    assert await shop.ask(FORM, "FBillNo", "FBillNo='XS1' and FRealQty>0") == [["XS1"], ["XS1"]]


async def test_a_bill_without_rows_of_an_entry_gives_one_row(shop: Desk) -> None:
    assert await shop.ask(FORM, "FBillNo,FCarryBillNo", "FBillNo='XS2'") == [["XS2", None]]


async def test_rows_inside_rows(desk: Desk) -> None:
    row = line(FSerialSubEntity=[{"FSerialNo": "S1"}, {"FSerialNo": "S2"}])
    await desk.save(FORM, outbound("XS1", row, FOutStockTrace=[{"FLogComId": {"FCODE": "SF"}, "FCarryBillNo": "SF1"}]))
    assert await desk.ask(FORM, "FBillNo,FSerialNo") == [["XS1", "S1"], ["XS1", "S2"]]
    assert await desk.ask(FORM, "FLogComId.FCODE,FCarryBillNo", "FCarryBillNo='SF1'") == [["SF", "SF1"]]


async def test_stock_locations_are_followed_into_the_set(desk: Desk) -> None:
    row = line(FStockLocID={"FSTOCKLOCID__FF100001": {"FNumber": "A-01"}})
    await desk.save(FORM, outbound("XS1", row))
    assert await desk.ask(FORM, "FStockLocID.FF100001.FNumber") == [["A-01"]]


async def test_base_data_without_a_suffix_is_its_id(shop: Desk) -> None:
    expected = (await shop.ask("BD_Customer", "FCUSTID", "FNumber='SHOP01'"))[0][0]
    assert (await shop.ask(FORM, "FCustomerID", "FBillNo='XS2'"))[0][0] == expected
    deep = await shop.ask(FORM, "FMaterialID.FBaseUnitId.FNumber,FMaterialID.FIsBatchManage", "FBillNo='XS2'")
    assert deep == [["Pcs", False]]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("FBillNo DESC", ["XS3", "XS2", "XS1", "OTHER_4"]),
        ("FDate desc, FBillNo asc", ["OTHER_4", "XS2", "XS3", "XS1"]),
        ("FID ASC", ["XS1", "XS2", "XS3", "OTHER_4"]),
        ("FID DESC", ["OTHER_4", "XS3", "XS2", "XS1"]),
        ("FNote,FID", ["XS1", "XS3", "OTHER_4", "XS2"]),
    ],
)
async def test_order(shop: Desk, order: str, expected: list[str]) -> None:
    assert [row[0] for row in await shop.ask(FORM, "FBillNo", OrderString=order)] == expected


async def test_a_bad_order_is_an_error(shop: Desk) -> None:
    assert Reply(await shop.ask(FORM, "FBillNo", OrderString="FBillNo UP")).code == 8


@pytest.mark.parametrize("order", ["", "FBillNo"])
async def test_pages_cover_all_rows_once(shop: Desk, order: str) -> None:
    pages = [
        await shop.ask(FORM, "FEntity_FEntryID", OrderString=order, StartRow=start, Limit=2) for start in (0, 2, 4, 6)
    ]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert len({row[0] for page in pages for row in page}) == 5


async def test_top_row_count_is_an_absolute_end(shop: Desk) -> None:
    pages = [await shop.ask(FORM, "FBillNo", StartRow=start, Limit=2, TopRowCount=3) for start in (0, 2, 4)]
    assert [len(page) for page in pages] == [2, 1, 0]


@pytest.mark.parametrize("limits", [{"Limit": 10001}, {"Limit": -1}, {"StartRow": -1}, {"Limit": "many"}])
async def test_bad_limits_are_refused(shop: Desk, limits: dict[str, object]) -> None:
    assert Reply(await shop.ask(FORM, "FBillNo", **limits)).code == 8


async def test_without_a_limit_the_server_has_its_own(desk: Desk) -> None:
    rows = [{"FNumber": f"C{i:04d}"} for i in range(2001)]
    await desk.call("BatchSave", "BD_Customer", Model=rows)
    assert len(await desk.ask("BD_Customer", "FNumber")) == 2000
    assert len(await desk.ask("BD_Customer", "FNumber", Limit=10000)) == 2002


async def test_no_field_keys_is_an_error(shop: Desk) -> None:
    assert Reply(await shop.ask(FORM, "")).code == 8


async def test_bill_query_gives_objects_and_bare_errors(shop: Desk) -> None:
    async def ask(keys: str) -> Any:
        data = {"FormId": FORM, "FieldKeys": keys, "FilterString": "FBillNo='XS2'"}
        return loads((await shop.post("BillQuery", {"data": data})).text)

    assert await ask("fbillno,FMaterialID.FNumber") == [{"fbillno": "XS2", "FMaterialID.FNumber": "SKU2"}]
    assert (await ask("FNope"))["Result"]["ResponseStatus"]["MsgCode"] == 9


async def test_an_index_follows_updates_and_deletes(desk: Desk) -> None:
    saved = await desk.save(FORM, outbound("XS1", line(FThirdEntryId="old")))
    entry = await desk.entry_id(FORM, "XS1")
    await desk.save(FORM, {"FID": saved.id, "FBillNo": "XS9", "FEntity": [{"FEntryID": entry, "FThirdEntryId": "new"}]})
    answers = [await desk.ask(FORM, "FBillNo", f"FThirdEntryId='{value}'") for value in ("old", "new")]
    assert answers == [[], [["XS9"]]]
    assert await desk.ask(FORM, "FBillNo", "FBillNo='XS1'") == []
    await desk.on("Delete", FORM, "XS9")
    assert await desk.ask(FORM, "FBillNo", "FThirdEntryId='new'") == []
    assert await desk.ask(FORM, "FBillNo", f"FEntity_FEntryID={entry}") == []


async def test_returns_are_found_by_their_source(desk: Desk) -> None:
    await desk.save("SAL_RETURNSTOCK", returned("R1", line(FSrcBillNo="XS1")))
    rows = await desk.ask("SAL_RETURNSTOCK", "FBillNo,FReturnType.FName", "FSrcBillNo in ('XS1')")
    assert rows == [["R1", "退货"]]
