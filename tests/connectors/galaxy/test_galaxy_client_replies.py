"""Every way Galaxy says no, and what it means to us (section 6)."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.galaxy.client import GalaxyErp
from connectors.galaxy.envelope import MsgCode, rows_of, status_of, written
from domain import jsontext
from domain.exchanges import exchange_log
from domain.faults import Fault, FaultKind
from tests.connectors.galaxy.kit import OUTSTOCK, access, outbound, status
from tests.connectors.scripted import Reply, ScriptedVendor

T, H, E, I, R = FaultKind.TRANSIENT, FaultKind.THROTTLED, FaultKind.EXPIRED, FaultKind.INVALID, FaultKind.REFUSED  # noqa: E741
LOCK = "“管理员”使用业务单据：“销售出库单”业务操作-“[S-1-修改]”冲突，请稍候再使用。"
DUPLICATE = "违反字段唯一性要求：编码唯一。[S-1]在当前系统中已经被使用。"
NOT_LISTED = "当前用户未指定允许调用WebAPI接口，请联系系统管理员"

TRANSLATIONS: list[tuple[int, str | None, str, FaultKind, str, str | None]] = [
    (0, "", "失败", R, "refused", None),
    (0, "", LOCK, T, "edit_lock", None),
    (1, None, "会话信息已丢失，请重新登录", E, "session_lost", None),
    (2, "", "您没有销售出库单的保存权限，请联系系统管理员", R, "no_permission", None),
    (3, "", "x", R, "operation_missing", None),
    (4, "", '标识为"X"的业务对象不存在', R, "exception", None),
    (5, "", "x", R, "form_missing", None),
    (6, "", "x", T, "database", None),
    (7, "", "x", R, "licence", None),
    (8, "", "x", I, "parameter", None),
    (9, "", "元数据中标识为FX的字段不存在", I, "unknown_field", None),
    (10, "", "x", R, "not_found", None),
    (11, "FBillNo", DUPLICATE, R, "bill_exists", "FBillNo"),
    (11, "FBILLNO", DUPLICATE, R, "bill_exists", "FBILLNO"),
    (11, "FCustomerID", "字段“客户”是必填项", I, "validation", "FCustomerID"),
    (11, "AbstractInteractionResult", "更新库存时出现可以忽略的异常数据，是否继续？", R, "stock_short", None),
    (11, "", "单据编号为“S-1”的销售出库单，单据已经审核！", R, "validation", None),
    (11, "", NOT_LISTED, E, "not_admitted", None),
    (12, "", "x", R, "wrong_state", None),
    (13, "", LOCK, T, "edit_lock", None),
    (14, "", "调用次数超限", H, "call_limit", None),
    (15, "", "x", R, "administrator", None),
    (99, "", "x", R, "refused", None),
]


@pytest.mark.parametrize(("code", "field", "text", "kind", "ours", "ours_field"), TRANSLATIONS)
def test_a_refusal_is_translated(
    code: int, field: str | None, text: str, kind: FaultKind, ours: str, ours_field: str | None
) -> None:
    body = jsontext.dumps(status(False, code, [(field, text, 0)])).encode()
    with pytest.raises(Fault) as raised:
        written(body)
    fault = raised.value
    assert (fault.kind, fault.code, fault.field, fault.message) == (kind, ours, ours_field, text)
    assert fault.system == "galaxy"
    wrapped = b"[[" + body + b"]]"
    with pytest.raises(Fault) as query:
        rows_of(wrapped)
    assert (query.value.kind, query.value.code) == (kind, ours)


def test_every_documented_code_is_covered() -> None:
    assert {code for code, *_ in TRANSLATIONS} >= set(MsgCode)


@pytest.mark.parametrize("said", [True, "true", "True"])
def test_success_in_any_spelling(said: Any) -> None:
    reply = status(True, done=[("S-1", 0)])
    reply["Result"]["ResponseStatus"]["IsSuccess"] = said
    assert written(jsontext.dumps(reply).encode()).ok


@pytest.mark.parametrize("said", [False, "false", "False", None, 0, ""])
def test_failure_in_any_spelling(said: Any) -> None:
    reply = status(True)
    reply["Result"]["ResponseStatus"]["IsSuccess"] = said
    with pytest.raises(Fault):
        written(jsontext.dumps(reply).encode())


def test_numbers_may_be_texts_and_lists_null() -> None:
    body = {
        "Result": {"ResponseStatus": {"IsSuccess": "false", "MsgCode": "11", "Errors": None, "SuccessEntitys": None}}
    }
    assert (status_of(body).code, status_of(body).problems) == (11, ())


@pytest.mark.parametrize(
    "body", [b"response_error: ref is null", b"\xef\xbb\xbf  response_error:", b"response_error: "]
)
def test_an_exception_as_plain_text(body: bytes) -> None:
    with pytest.raises(Fault) as raised:
        written(body)
    assert (raised.value.kind, raised.value.code) == (T, "server_exception")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff"])
def test_no_json(body: bytes) -> None:
    with pytest.raises(Fault) as raised:
        written(body)
    assert (raised.value.kind, raised.value.code) == (T, "not_json")


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b"{}", b'{"Result":null}', b'{"Result":{"ResponseStatus":{}}}', b'"x"']
)
def test_json_of_another_shape(body: bytes) -> None:
    with pytest.raises(Fault) as raised:
        written(body)
    assert (raised.value.kind, raised.value.code) == (T, "bad_reply")


@pytest.mark.parametrize("body", [b"null", b"{}", b'[{"a":1}]', b"[1]", b'"x"'])
def test_rows_of_another_shape(body: bytes) -> None:
    with pytest.raises(Fault) as raised:
        rows_of(body)
    assert (raised.value.kind, raised.value.code) == (T, "bad_reply")


@pytest.mark.parametrize("wrap", ["%s", "[%s]", "[[%s]]"])
def test_a_failed_query_is_never_a_row(wrap: str) -> None:
    body = wrap % jsontext.dumps(status(False, 9, [("", "元数据中标识为FX的字段不存在", 0)]))
    with pytest.raises(Fault) as raised:
        rows_of(body.encode())
    assert raised.value.code == "unknown_field"


def test_no_rows_is_an_answer() -> None:
    assert rows_of(b"[]") == []
    assert rows_of(b"[[null]]") == [[None]]


def test_several_problems_of_one_bill_keep_all_their_words() -> None:
    errors = [("FCustomerID", "缺客户", 0), ("FBillNo", DUPLICATE, 0), ("FDate", "缺日期", 0)]
    fault = status_of(status(False, 11, errors)).fault()
    assert fault.code == "bill_exists"
    assert fault.message == f"{DUPLICATE}; 缺客户; 缺日期"


async def test_the_verdict_of_the_body_is_kept_with_the_exchange(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply.of(status(False, 14, [("", "调用次数超限", 0)]))]
    with exchange_log() as log:
        async with GalaxyErp(access(scripted.url)) as erp:
            with pytest.raises(Fault):
                await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=False)
    [exchange] = log
    assert exchange.operation == "SAL_OUTSTOCK BatchSave"
    assert (exchange.status, exchange.fault, exchange.fault_code) == (200, H, "call_limit")
    assert "调用次数超限" in exchange.response
