"""Masking: nothing private survives, nothing else changes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import jsontext
from domain.masking import HIDDEN, Privacy, mask, mask_text, privacy_of


@pytest.mark.parametrize(
    ("privacy", "keys"),
    [
        (Privacy.SECRET, "password appSecret app_secret client_secret access_token refreshToken sign wdt_sign"),
        (Privacy.SECRET, "X-Api-Signature kdservice-sessionid KDSVCSessionId SessionId UserToken X-KDApi-AppSec salt"),
        (Privacy.NAME, "receiver_name FReceiverName SubHeadEntity.FReceiverName buyer_name FBuyerName invoice_title"),
        (Privacy.PHONE, "receiver_mobile receiver_phone FLinkPhone FReceiverMobile receiver_telno phone mobile tel"),
        (
            Privacy.CONFIDENTIAL,
            "receiver_address FReceiveAddress receiver_zip receiver_email buyer_message address_line1",
        ),
        (Privacy.CONFIDENTIAL, "buyer_tax_no buyer_account postal_code FReceiverAddress detailAddress F_PSEH_Address"),
        (Privacy.FREE_TEXT, "remark node FNote FHeadNote aftersale_remark seller_memo"),
        (Privacy.PERSON, "receiverInfo receiver FReceiveCusContact FLinkMan consignee card"),
    ],
)
def test_private_keys_in_any_spelling(privacy: Privacy, keys: str) -> None:
    assert {key: privacy_of(key) for key in keys.split()} == dict.fromkeys(keys.split(), privacy)


PUBLIC_KEYS = (
    "shop_buyer_id buyer_id receiver_country receiver_state receiver_city receiver_district shop_name warehouse_name "
    "name FName FReceiverID FReceiveId receive_date buyer_paid_amount buyer_apply_refund receive_refund sku_sign code "
    "FBillNo amount session_expired app_key sign_method deliver_name logistics_company token_count FNumber l_id io_id"
)


@pytest.mark.parametrize("key", PUBLIC_KEYS.split())
def test_public_keys(key: str) -> None:
    assert privacy_of(key) is None


@pytest.mark.parametrize(
    ("key", "value", "masked"),
    [
        ("receiver_name", "王小明", "王**"),
        ("receiver_name", "王伟", "王**"),
        ("receiver_name", "王", HIDDEN),
        ("receiver_name", " John Smith ", "J**"),
        ("receiver_name", "", ""),
        ("receiver_name", None, None),
        ("receiver_mobile", "13812341234", "138****1234"),
        ("receiver_mobile", 13812341234, "138****1234"),
        ("receiver_mobile", "+8613812341234", "+86****1234"),
        ("receiver_phone", "87654321", "87****21"),
        ("receiver_phone", "110", HIDDEN),
        ("receiver_address", "某市某路1号", HIDDEN),
        ("app_secret", "abc", HIDDEN),
        ("app_secret", ["a", "b"], HIDDEN),
        ("mobiles", ["13812341234"], HIDDEN),
        ("remark", "打13812341234电话，订单2026090100001", "打138****1234电话，订单2026090100001"),
        ("remark", Decimal("1.50"), Decimal("1.50")),
        ("FLinkMan", "王小明", "王**"),
        ("FReceiveCusContact", {"FNAME": "王小明"}, {"FNAME": "王**"}),
        ("FSaleOrgId", {"FNAME": "一号公司"}, {"FNAME": "一号公司"}),
        (
            "receiverInfo",
            {"name": "王小明", "province": "浙江省", "aliases": ["小明", 7], "more": [{"name": "李四四"}]},
            {"name": "王**", "province": "浙江省", "aliases": ["小**", 7], "more": [{"name": "李**"}]},
        ),
        ("pays", [{"buyer_account": "a@b.test", "amount": 1}], [{"buyer_account": HIDDEN, "amount": 1}]),
    ],
)  # fmt: skip
def test_how_values_are_masked(key: str, value: Any, masked: Any) -> None:
    tree = {key: value}
    assert mask(tree) == {key: masked}
    assert jsontext.loads(mask_text(jsontext.dumps(tree))) == {key: masked}
    assert tree == {key: value}


def test_the_code_of_a_token_request_is_a_secret_that_of_a_reply_is_not() -> None:
    request = {"code": "a1b2c3", "grant_type": "authorization_code"}
    assert mask(request) == {"code": HIDDEN, "grant_type": "authorization_code"}
    assert mask_text(jsontext.dumps(request)) == jsontext.dumps(mask(request))
    assert mask_text("code=a1b2c3&grant_type=authorization_code") == "code=***&grant_type=authorization_code"
    assert mask({"code": 0}) == {"code": 0}


def test_json_inside_text_inside_a_form() -> None:
    inner = jsontext.dumps({"data": jsontext.dumps({"receiver_name": "王小明", "qty": Decimal("1.0")})})
    form = urlencode({"app_key": "k", "sign": "5eb63bbb", "biz": inner, "empty": ""})
    masked = parse_qs(mask_text(form), keep_blank_values=True)
    assert masked["sign"] == [HIDDEN]
    assert masked["app_key"] == ["k"]
    assert masked["empty"] == [""]
    assert jsontext.loads(jsontext.loads(masked["biz"][0])["data"]) == {"receiver_name": "王**", "qty": Decimal("1.0")}


def test_layout_and_digits_of_json_text_are_kept() -> None:
    text = '{ "amount" : 1.500,\n "receiver_name": "\\u738b\\u5c0f\\u660e", "e": 1E+2, "path": "a\\/b\\"c" }'
    assert mask_text(text) == text.replace("\\u738b\\u5c0f\\u660e", "王**")


def test_other_text_loses_its_mobile_numbers_and_quoted_members() -> None:
    assert mask_text("response_error: 联系 13812341234") == "response_error: 联系 138****1234"
    assert mask_text('bad packet {"receiver_name":"王小明"}') == 'bad packet {"receiver_name":"王**"}'
    assert mask_text("") == ""


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert mask_text('{"receiver_name":"\\ud83d\\ude00x"}') == '{"receiver_name":"😀**"}'
    assert mask_text('{"receiver_name":"\\ud83dx"}').encode()
    assert mask_text('{"receiver_name":"王小\\u66').encode()


def test_a_person_that_was_cut_off_is_hidden() -> None:
    assert mask_text('{"receiverInfo":{"name":"王小明","province":"浙') == '{"receiverInfo":"***"'


def test_deep_nesting_is_no_reason_to_fail() -> None:
    text = '{"receiver":' * 20_000
    assert mask_text(text) == '{"receiver":"***"'


PRIVATE = [
    "receiver_name",
    "receiver_mobile",
    "FReceiveAddress",
    "password",
    "access_token",
    "FLinkMan",
    "buyer_message",
]
PUBLIC = ["FBillNo", "amount", "shop_buyer_id", "FEntity", "items", "receiver_city", "data", 'n a:m,e"[{']
CANARY = "K7q蜂鸟"  # as a value it is longer than what a mask leaves

scalars = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=2)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
canaries = st.text("0123456789", min_size=4, max_size=8).map(lambda digits: digits[:2] + CANARY + digits[2:])
leaves = scalars | texts
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(PUBLIC), inner, max_size=4)
        | st.dictionaries(st.sampled_from(PRIVATE), canaries | st.lists(canaries), max_size=3)
        | st.fixed_dictionaries({"receiverInfo": st.fixed_dictionaries({"name": canaries, "qty": st.integers()})})
        | st.fixed_dictionaries({"biz": inner.map(jsontext.dumps)})
    ),
    max_leaves=20,
)
documents = st.dictionaries(st.sampled_from(PUBLIC), trees, min_size=1, max_size=4)


def shape(tree: Any) -> Any:
    """A tree without its private members."""
    if isinstance(tree, dict):
        return {key: shape(value) for key, value in tree.items() if privacy_of(key) is None and key != "biz"}
    return [shape(item) for item in tree] if isinstance(tree, list) else tree


@given(documents)
def test_no_private_value_survives_and_the_rest_is_unchanged(tree: dict[str, Any]) -> None:
    masked = mask(tree)
    text = jsontext.dumps(masked)
    assert CANARY not in text
    assert "\\u8702" not in text
    assert shape(masked) == shape(tree)
    assert mask(masked) == masked


@given(documents)
def test_text_and_tree_are_masked_alike(tree: dict[str, Any]) -> None:
    text = jsontext.dumps(tree)
    masked = mask_text(text)
    assert CANARY not in masked
    assert jsontext.loads(masked) == jsontext.loads(jsontext.dumps(mask(tree)))
    assert mask_text(masked) == masked


@given(documents, st.data())
def test_wherever_a_body_is_cut_no_private_value_survives(tree: dict[str, Any], data: st.DataObject) -> None:
    body = jsontext.dumps(tree).encode()
    cut = data.draw(st.integers(0, len(body)))
    assert CANARY not in mask_text(body[:cut].decode(errors="ignore"))


@given(documents)
def test_escaped_text_is_masked_too(tree: dict[str, Any]) -> None:
    """As vendors write it that escape everything outside ASCII."""
    escaped = json.dumps(json.loads(jsontext.dumps(tree)))
    assert escaped.isascii()
    assert CANARY not in str(jsontext.loads(mask_text(escaped)))


@given(st.dictionaries(st.sampled_from([*PRIVATE, "page", "biz"]), canaries, max_size=5))
def test_forms_keep_no_private_value(form: dict[str, str]) -> None:
    masked = mask_text(urlencode(form))
    kept = {key: values[0] for key, values in parse_qs(masked).items()}
    assert kept.keys() == form.keys()
    assert all(CANARY not in value for key, value in kept.items() if privacy_of(key) is not None)
    assert mask_text(masked) == masked
