"""Rows 7 to 10, 15 and 16 of the table: configured APIs, queries, what an answer looks like, limits, duplicates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.flagship.apis import Api, Operation
from sandbox.flagship.config import StatusCodes, TotalCount
from tests.sandbox.flagship.conftest import Hand
from tests.sandbox.flagship.office import Office, outbound

QUERY = "/v2/im/im_saloutbill/query"
SAVE = "/v2/im/im_saloutbill/batchAdd"
ASK = {"data": {}, "pageSize": 10}


async def test_without_a_token_every_path_is_the_same(stranger: Office) -> None:
    for path in (QUERY, "/v2/im/nothing/query", "/v2/x", "/sys/x/query"):
        assert (await stranger.raw(f"/kapi{path}", ASK)).status_code == 401


async def test_an_unknown_api_is_told_to_who_may_know(office: Office) -> None:
    reply = await office.raw("/kapi/v2/sm/sm_salorder/list", ASK)
    assert (reply.status_code, reply.json()["errorCode"]) == (404, "404")
    assert reply.json()["message"] == "Cannot found OpenAPI(or disabled)"


async def test_an_api_that_was_not_granted(office: Office) -> None:
    office.state.set_up(QUERY, granted=False)
    assert await office.code(QUERY, ASK) == "403"


@pytest.mark.parametrize(
    ("method", "content_type", "body", "code"),
    [
        ("GET", "application/json", b"", "405"),
        ("PUT", "application/json", b"{}", "405"),
        ("POST", "text/plain", b"{}", "415"),
        ("POST", "application/json; charset=utf-8", b"{", "406"),
        ("POST", "application/json", b"[]", "406"),
    ],
)
async def test_calls_that_are_none(office: Office, method: str, content_type: str, body: bytes, code: str) -> None:
    headers = {**office.headers, "content-type": content_type}
    reply = await office.http.request(method, f"/kapi{QUERY}", content=body, headers=headers)
    assert reply.json()["errorCode"] == code


async def test_business_errors_may_come_with_their_status_or_without(office: Office) -> None:
    assert (await office.raw("/kapi/v2/x", ASK)).status_code == 404
    assert (await office.raw(f"/kapi{QUERY}", {})).status_code == 200
    office.state.switches.status_codes = StatusCodes.ALWAYS_200
    reply = await office.raw("/kapi/v2/x", ASK)
    assert (reply.status_code, reply.json()["errorCode"], reply.json()["status"]) == (200, "404", False)


async def test_a_developer_mark_is_part_of_the_path(office: Office) -> None:
    assert await office.code("/v2/null/im/im_saloutbill/query", ASK) == "0"
    own = "/v2/kdtest/im/im_saloutbill/mine"
    assert await office.code(own, ASK) == "404"
    office.state.apis.add(Api(own, "im_saloutbill", Operation.QUERY))
    assert await office.code(own, ASK) == "0"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"pageSize": 10}, "400"),
        ({"data": [], "pageSize": 10}, "400"),
        ({"data": {}}, "400"),
        ({"data": {"pageSize": 10}}, "400"),
        ({"data": {}, "pageSize": 0}, "400"),
        ({"data": {}, "pageSize": 10, "pageNo": 0}, "400"),
        ({"data": {}, "pageSize": 2001}, "603"),
        ({"data": {}, "pageSize": "10"}, "0"),
    ],
)
async def test_what_a_query_must_say(office: Office, body: dict[str, Any], code: str) -> None:
    assert await office.code(QUERY, body) == code


async def test_pages(office: Office) -> None:
    await office.save(*(outbound(f"S-{i}") for i in range(5)))
    seen = []
    for number, last in ((1, False), (2, False), (3, True)):
        data = (await office.call(QUERY, {"data": {}, "pageSize": 2, "pageNo": number, "orderBy": "billno desc"}))[
            "data"
        ]
        assert (data["lastPage"], data["pageNo"], data["pageSize"], data["totalCount"]) == (last, number, 2, 5)
        seen += [row["billno"] for row in data["rows"]]
    assert seen == [f"S-{i}" for i in range(5)]  # orderBy changes nothing


@pytest.mark.parametrize(("mode", "told"), [(TotalCount.MISSING, None), (TotalCount.UNKNOWN, -1)])
async def test_the_total_may_be_unknown(office: Office, mode: TotalCount, told: int | None) -> None:
    office.state.switches.total_count = mode
    assert (await office.call(QUERY, ASK))["data"].get("totalCount") == told


async def test_filters(office: Office, hand: Hand) -> None:
    await office.save(outbound("S-1"), outbound("S-2", biztime="2026-11-23"))
    hand.turn(days=1)
    await office.log_in()
    await office.save(outbound("S-3", sku="SKU2"))
    await office.step("Submit", "S-3")

    async def numbers(**data: Any) -> list[str]:
        return [row["billno"] for row in await office.query(**data)]

    assert await numbers() == ["S-1", "S-2", "S-3"]
    assert await numbers(billno="S-2") == ["S-2"]
    assert await numbers(billno=["S-3", "S-1", "X"]) == ["S-3", "S-1"]
    assert await numbers(billstatus="B") == ["S-3"]
    assert await numbers(start_biztime="2026-11-22", end_biztime="2026-11-22") == ["S-1", "S-3"]
    assert await numbers(start_biztime="2026-11-22 00:00:01") == ["S-2"]
    assert await numbers(start_modifytime="2026-11-23 10:00:00") == ["S-3"]
    assert await numbers(material_number=["SKU2"]) == ["S-3"]
    assert await numbers(customer_number="SHOP01", org_number="100", billstatus="A") == ["S-1", "S-2"]
    assert await numbers(nobody_set_this_up="x") == ["S-1", "S-2", "S-3"]
    assert await numbers(billno="") == ["S-1", "S-2", "S-3"]


async def test_the_filter_is_told(office: Office) -> None:
    async def text(**data: Any) -> str:
        return str((await office.call(QUERY, {"data": data, "pageSize": 1}))["data"]["filter"])

    assert await text() == "[1 = 1]"
    assert await text(unknown="x") == "[1 = 1]"
    window = {"start_biztime": "2026-11-01", "end_biztime": "2026-11-22"}
    assert await text(**window) == "[biztime >= '2026-11-01' AND biztime < '2026-11-23 00:00:00']"


async def test_a_query_by_get(office: Office) -> None:
    path = "/v2/basedata/bd_supplier/query?number=VEN01&createorg_number=100&pageNo=1&pageSize=10"
    [row] = (await office.call(path, method="GET"))["data"]["rows"]
    assert (row["number"], row["status"], row["enable"], row["createorg_number"]) == ("VEN01", "C", "1", "100")
    assert row["masterid"] == row["id"]
    assert await office.code("/v2/basedata/bd_supplier/query?number=VEN01", method="GET") == "400"
    assert await office.code(f"/v2/basedata/bd_supplier/query?pageSize=1&x={'y' * 2048}", method="GET") == "603"
    assert await office.code("/v2/basedata/bd_supplier/query", ASK) == "405"


async def test_columns_are_set_up(office: Office) -> None:
    await office.save(outbound("S-1"))
    office.state.set_up(QUERY, columns=("billno", "billentry.qty", "nothing"))
    assert await office.query() == [{"billno": "S-1", "billentry": [{"qty": Decimal(2)}]}]
    office.state.set_up(QUERY, columns=("billno",))
    assert await office.query() == [{"billno": "S-1"}]


async def test_what_an_answer_looks_like(office: Office) -> None:
    await office.post(outbound("S-1"))
    reply = await office.raw(f"/kapi{QUERY}", ASK)
    assert '"qty":2.0000000000' in reply.text
    [row] = await office.query()
    assert isinstance(row["id"], str)
    assert row["biztime"] == "2026-11-22 00:00:00"
    assert row["auditdate"] == row["createtime"] == "2026-11-22 10:00:00"
    assert (row["customer_number"], row["customer_name"]) == ("SHOP01", "旗舰店")
    assert (row["billcretype"], row["isredbill"], row["billtype_name"]) == ("3", False, "标准销售出库单")
    [line] = row["billentry"]
    assert (line["seq"], line["material_masterid_number"], line["material_masterid_name"]) == (1, "SKU1", "水杯")
    assert "material_number" not in line
    assert (line["outownertype"], line["outowner_number"]) == ("bos_org", "100")
    amounts = [line[key] for key in ("price", "priceandtax", "amount", "taxamount", "amountandtax", "taxrate")]
    assert amounts == [100, 113, 200, 26, 226, 13]
    assert isinstance(line["id"], str)


async def test_several_time_zones(office: Office) -> None:
    await office.save(outbound("S-1", biztime="2026-11-21T20:00:00.000Z"))
    office.state.switches.multi_time_zone = True
    [row] = await office.query()
    assert (row["biztime"], row["createtime"]) == ("2026-11-22", "2026-11-22T10:00:00.000+08:00")


async def test_no_more_rows_than_allowed(office: Office) -> None:
    switches = office.state.switches
    switches.save_rows = 5
    assert await office.code(SAVE, {"data": [outbound(f"S-{i}") for i in range(3)]}) == "603"
    assert await office.code(SAVE, {"data": [outbound(f"S-{i}") for i in range(2)]}) == "0"
    switches.operation_rows = 1
    assert await office.code("/v2/im/im_saloutbill/batchSubmit", {"data": {"billno": ["S-0", "S-1"]}}) == "603"
    assert await office.code("/v2/im/im_saloutbill/batchSubmit", {"data": {"billno": ["S-0"]}}) == "0"


async def test_no_more_calls_than_allowed(office: Office, hand: Hand) -> None:
    office.state.switches.calls_per_second = 3
    assert [await office.code(QUERY, ASK) for _ in range(4)] == ["0", "0", "0", "429"]
    assert (await office.raw(f"/kapi{QUERY}", ASK)).status_code == 429
    hand.turn(seconds=1)
    assert await office.code(QUERY, ASK) == "0"
    office.state.switches.calls_per_second, office.state.switches.calls_per_minute = None, 6
    assert [await office.code(QUERY, ASK) for _ in range(3)][-1] == "429"
    hand.turn(seconds=60)
    assert await office.code(QUERY, ASK) == "0"


async def test_the_same_key_is_the_same_call(office: Office, hand: Hand) -> None:
    async def save(number: str, **headers: str) -> str:
        return await office.code(SAVE, {"data": [outbound(number)]}, **headers)

    assert await save("S-1", **{"Idempotency-Key": "k"}) == "0"
    assert await save("S-2", **{"Idempotency-Key": "k"}) == "604"
    assert await save("S-3", **{"Idempotency-Key": "other"}) == "0"
    assert await office.code(QUERY, ASK, **{"Idempotency-Key": "k"}) == "0"  # another API
    hand.turn(seconds=31)
    assert await save("S-4", **{"Idempotency-Key": "k", "Idempotency-Timeout": "3600"}) == "0"
    hand.turn(seconds=3599)
    assert await save("S-5", **{"Idempotency-Key": "k"}) == "604"
    hand.turn(seconds=2)
    assert await save("S-5", **{"Idempotency-Key": "k"}) == "0"
    for window in ("0", "x", str(91 * 86_400)):
        assert await save("S-6", **{"Idempotency-Key": "z", "Idempotency-Timeout": window}) == "603"
    assert [row["billno"] for row in await office.query()] == ["S-1", "S-3", "S-4", "S-5"]


async def test_equal_bytes_may_be_the_same_call(office: Office, hand: Hand) -> None:
    assert [await office.code(QUERY, ASK) for _ in range(2)] == ["0", "0"]
    office.state.switches.refuse_repeats = True
    assert [await office.code(QUERY, ASK) for _ in range(2)] == ["0", "604"]
    assert await office.code(QUERY, {"data": {}, "pageSize": 11}) == "0"
    hand.turn(seconds=31)
    assert await office.code(QUERY, ASK) == "0"
