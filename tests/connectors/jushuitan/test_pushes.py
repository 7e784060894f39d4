"""Messages of the platform: signed in two forms, sent again until they are taken, in any order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from connectors.jushuitan.pushes import TAKEN, Push, read_push
from domain import jsontext
from domain.faults import Fault, FaultKind
from sandbox.jushuitan import clerk
from sandbox.jushuitan.app import create_app
from sandbox.jushuitan.documents import OutboundStatus, RefundStatus
from sandbox.jushuitan.goods.documents import ShopGoods
from sandbox.jushuitan.state import JushuitanState, Kind
from sandbox.jushuitan.uploads import receive_goods
from sandbox.jushuitan.warehousing.documents import StockStatus
from tests.connectors.jushuitan.kit import DEMO, add_outbounds, add_refund
from tests.connectors.jushuitan.stockroom import add_others, stock_up
from tests.connectors.scripted import Received, Reply, ScriptedVendor

SECRET = SecretStr(DEMO.app_secret)


def read(request: Received, secret: SecretStr = SECRET) -> Push:
    return read_push(dict(parse_qsl(urlsplit(request.path).query)), request.body, app_secret=secret)


@pytest.fixture
async def platform(merchant: JushuitanState) -> AsyncIterator[httpx.AsyncClient]:
    """The switches of the platform."""
    stock_up(merchant)
    transport = httpx.ASGITransport(create_app(merchant))
    async with httpx.AsyncClient(transport=transport, base_url="http://platform") as http:
        yield http


async def switch(platform: httpx.AsyncClient, name: str, **body: Any) -> Any:
    reply = await platform.post(f"/_sandbox/push/{name}", content=jsontext.dumps(body))
    assert reply.status_code == 200, reply.text
    return reply.json()


def ship(state: JushuitanState, count: int) -> None:
    for io_id in add_outbounds(state, count):
        state.edit_outbound(io_id, status=OutboundStatus.WAITING)
        state.confirm_outbound(io_id)


@pytest.mark.parametrize("form", ["older", "newer"])
async def test_a_message_in_either_form(
    merchant: JushuitanState, platform: httpx.AsyncClient, scripted: ScriptedVendor, form: str
) -> None:
    await switch(platform, "subscribe", url=f"{scripted.url}/push", form=form, kinds=["logistics.upload"])
    [io_id] = add_outbounds(merchant, 1)
    scripted.replies = [Reply.of(TAKEN)]
    assert await switch(platform, "deliver") == {"taken": 1, "failed": 0, "dropped": 0, "waiting": 0}
    [request] = scripted.received
    push = read(request)
    assert (push.kind, push.numbers()) == ("logistics.upload", ("SO-0",))
    [item] = push.payload["items"]
    assert (item["outer_oi_id"], item["sku_id"], item["qty"]) == ("L-0", "MUG-01", 2)
    assert push.payload["o_id"] == merchant.outbound(io_id).o_id


@pytest.mark.parametrize("form", ["older", "newer"])
async def test_a_message_somebody_else_signed(
    merchant: JushuitanState, platform: httpx.AsyncClient, scripted: ScriptedVendor, form: str
) -> None:
    await switch(platform, "subscribe", url=scripted.url, form=form)
    add_outbounds(merchant, 1)
    scripted.replies = [Reply.of(TAKEN)]
    await switch(platform, "deliver")
    request = scripted.received[0]
    query = dict(parse_qsl(urlsplit(request.path).query))
    with pytest.raises(Fault) as raised:
        if form == "older":
            read_push(query | {"ts": "1"}, request.body, app_secret=SECRET)
        else:
            read(request, SecretStr("somebody else's"))
    assert (raised.value.kind, raised.value.code) == (FaultKind.EXPIRED, "bad_signature")


@pytest.mark.parametrize("answer", [Reply.of({"code": 5}), Reply(b"busy"), Reply(status=500), Reply(cut=0)])
async def test_a_message_is_sent_ten_times_and_then_dropped(
    merchant: JushuitanState, platform: httpx.AsyncClient, scripted: ScriptedVendor, answer: Reply
) -> None:
    await switch(platform, "subscribe", url=scripted.url, kinds=["logistics.upload"])
    add_outbounds(merchant, 1)
    scripted.replies = [answer]
    rounds = [await switch(platform, "deliver") for _ in range(11)]
    assert [one["failed"] for one in rounds] == [1] * 9 + [0, 0]
    assert [one["dropped"] for one in rounds] == [0] * 9 + [1, 0]
    assert len(scripted.received) == 10


async def test_messages_come_twice_and_in_any_order(
    merchant: JushuitanState, platform: httpx.AsyncClient, scripted: ScriptedVendor
) -> None:
    await switch(platform, "subscribe", url=scripted.url, kinds=["logistics.upload"])
    ship(merchant, 6)
    scripted.replies = [Reply.of({"code": 0})]
    done = await switch(platform, "deliver", shuffle=1, twice=True)
    numbers = [read(request).numbers()[0] for request in scripted.received]
    expected = [f"SO-{number}" for number in range(6)]
    # made shipped, then waiting and shipped again: two messages each, each of them sent twice
    assert sorted(numbers) == sorted(expected * 4)
    assert numbers != sorted(numbers)
    assert done["waiting"] == 0


async def test_stock_is_told_by_listing(
    merchant: JushuitanState, platform: httpx.AsyncClient, scripted: ScriptedVendor
) -> None:
    merchant.add_shop_goods(ShopGoods(101, "B0X", "B0X-R", "MUG-01"))
    await switch(platform, "subscribe", url=scripted.url, kinds=["inventory.upload"])
    scripted.replies = [Reply.of(TAKEN)]
    [io_id] = add_others(merchant, 1, status=StockStatus.WAITING)
    assert (await switch(platform, "deliver"))["taken"] == 0, "nothing has moved yet"
    clerk.confirm(merchant, Kind.OTHER, io_id)
    await switch(platform, "deliver")
    [row] = read(scripted.received[0]).payload["datas"]
    assert (row["shop_sku_id"], row["sku_id"], row["qty"]) == ("B0X-R", "MUG-01", 102)


async def test_returned_goods_are_told_when_they_come_and_when_they_are_taken_out_again(
    merchant: JushuitanState, platform: httpx.AsyncClient, scripted: ScriptedVendor
) -> None:
    await switch(platform, "subscribe", url=scripted.url, kinds=["refund.goods"])
    scripted.replies = [Reply.of(TAKEN)]
    received = receive_goods(merchant, add_refund(merchant, 1))
    merchant.add_received(replace(received, status=RefundStatus.CANCELLED))
    await switch(platform, "deliver")
    told = [read(request).payload for request in scripted.received]
    assert [(one["outer_as_id"], one["so_id"], one["action_name"]) for one in told] == [
        ("RT-1", "SO-1", "确认收货"),
        ("RT-1", "SO-1", "取消收货"),
    ]


async def test_a_subscription_that_makes_no_sense(platform: httpx.AsyncClient) -> None:
    for body in ({"url": "http://x", "form": "pigeon"}, {"url": "http://x", "kinds": ["?"]}):
        assert (await platform.post("/_sandbox/push/subscribe", json=body)).status_code == 422
    assert (await platform.post("/_sandbox/push/deliver", json={"shuffle": "x"})).status_code == 422


@pytest.mark.parametrize("body", [b"[]", b"{", b""])
def test_a_message_that_makes_no_sense(body: bytes) -> None:
    """Vector V9 of the vendor's contract, with a body that is no object."""
    query = {"method": "logistics.upload", "partnerid": "demopartner", "ts": "1700000000"}
    signed = query | {"sign": "cffc5bca4683a3ee4faa08b8ff68aae8"}
    assert read_push(signed, b'{"so_id":"A"}', app_secret=SECRET).numbers() == ("A",)
    with pytest.raises(Fault) as raised:
        read_push(signed, body, app_secret=SECRET)
    assert (raised.value.kind, raised.value.code) == (FaultKind.INVALID, "parameter")
