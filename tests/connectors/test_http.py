"""The transport: what it sends, how trouble becomes a fault, and what it keeps of an exchange."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from connectors.http import KEPT_BYTES, NOT_KEPT, Transport, kept_text
from connectors.limits import Limits
from domain import jsontext
from domain.exchanges import exchange_log
from domain.faults import Fault, FaultKind
from tests.connectors.scripted import Received, Reply, ScriptedVendor


async def call(url: str, transport: Transport | None = None, **options: Any) -> httpx.Response:
    async with transport or Transport("vendor", read_timeout=5) as opened:
        return await opened.post("Save", url, **options)


async def fault_of(scripted: ScriptedVendor, reply: Reply) -> Fault:
    scripted.replies = [reply]
    with pytest.raises(Fault) as raised:
        await call(scripted.url)
    return raised.value


async def test_json_is_sent_and_read_to_the_digit(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply(b'\xef\xbb\xbf{"rate":7.12340}')]
    async with Transport("vendor") as transport:
        response = await transport.post("Save", scripted.url, json={"amount": Decimal("10.10"), "名": "王"})
        assert transport.json_body(response) == {"rate": Decimal("7.12340")}
        assert str(transport.json_body(response)["rate"]) == "7.12340"
    assert scripted.received[0].body == '{"amount":10.10,"名":"王"}'.encode()
    assert scripted.received[0].headers["content-type"] == "application/json"


async def test_a_form_is_sent_as_the_vendors_want_it(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply()]
    await call(scripted.url, data={"biz": '{"a": "调 1"}', "sign": "x"})
    assert scripted.received[0].body == b"biz=%7B%22a%22%3A+%22%E8%B0%83+1%22%7D&sign=x"
    assert scripted.received[0].headers["content-type"] == "application/x-www-form-urlencoded;charset=UTF-8"


async def test_a_query_in_the_address_survives_the_parameters(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply()]
    async with Transport("vendor") as transport:
        await transport.get("Send", f"{scripted.url}/send?access_token=T", params={"sign": "a+/="})
    assert scripted.received[0].path == "/send?access_token=T&sign=a%2B%2F%3D"


async def test_cookies_are_left_to_the_client(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply(headers={"Set-Cookie": "kdservice-sessionid=abc; path=/"})]
    async with Transport("vendor") as transport:
        await transport.post("One", scripted.url)
        await transport.post("Two", scripted.url)
    assert "cookie" not in scripted.received[1].headers


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (500, FaultKind.TRANSIENT, "http_500"),
        (502, FaultKind.TRANSIENT, "http_502"),
        (504, FaultKind.TRANSIENT, "http_504"),
        (408, FaultKind.TRANSIENT, "http_408"),
        (429, FaultKind.THROTTLED, "http_429"),
        (413, FaultKind.INVALID, "http_413"),
        (401, FaultKind.EXPIRED, "http_401"),
        (403, FaultKind.REFUSED, "http_403"),
        # what a proxy says while the vendor is away
        (301, FaultKind.TRANSIENT, "http_301"),
        (302, FaultKind.TRANSIENT, "http_302"),
        (400, FaultKind.TRANSIENT, "http_400"),
        (404, FaultKind.TRANSIENT, "http_404"),
        (407, FaultKind.TRANSIENT, "http_407"),
        (421, FaultKind.TRANSIENT, "http_421"),
    ],
)
async def test_statuses_become_faults(scripted: ScriptedVendor, status: int, kind: FaultKind, code: str) -> None:
    fault = await fault_of(scripted, Reply(b"<html>", status))
    assert (fault.kind, fault.code, fault.system) == (kind, code, "vendor")


async def test_a_vendor_may_say_what_a_status_means(scripted: ScriptedVendor) -> None:
    def unauthorised(response: httpx.Response) -> Fault | None:
        if response.status_code != 401:
            return None
        return Fault(FaultKind.EXPIRED, system="vendor", code="token", message="renew")

    scripted.replies = [Reply(status=401), Reply(status=403)]
    async with Transport("vendor", status_fault=unauthorised) as transport:
        with pytest.raises(Fault, match="token"):
            await transport.get("One", scripted.url)
        with pytest.raises(Fault, match="http_403"):
            await transport.get("Two", scripted.url)


async def test_retry_after_in_seconds(scripted: ScriptedVendor) -> None:
    fault = await fault_of(scripted, Reply(status=429, headers={"Retry-After": "7"}))
    assert fault.retry_after == 7.0


async def test_retry_after_as_a_date(scripted: ScriptedVendor) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    fault = await fault_of(scripted, Reply(status=429, headers={"Retry-After": moment}))
    assert fault.retry_after is not None
    assert 3000 < fault.retry_after <= 3600


async def test_retry_after_that_is_nonsense_or_past(scripted: ScriptedVendor) -> None:
    assert (await fault_of(scripted, Reply(status=429, headers={"Retry-After": "soon"}))).retry_after is None
    past = "Thu, 01 Jan 2015 00:00:00 GMT"
    assert (await fault_of(scripted, Reply(status=503, headers={"Retry-After": past}))).retry_after == 0.0


async def test_a_lost_reply_is_transient(scripted: ScriptedVendor) -> None:
    """The vendor did the work and the connection broke, before or within the answer."""
    before = await fault_of(scripted, Reply(cut=0))
    within = await fault_of(scripted, Reply(b'{"done": true}', cut=4))
    assert {before.kind, within.kind} == {FaultKind.TRANSIENT}
    assert {before.code, within.code} <= {"connection", "protocol"}
    assert len(scripted.received) == 2  # nothing was repeated


async def test_nobody_listens(scripted: ScriptedVendor, unused_tcp_port: int) -> None:
    with pytest.raises(Fault) as raised:
        await call(f"http://127.0.0.1:{unused_tcp_port}")
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "connection")


async def test_no_answer_in_time(scripted: ScriptedVendor) -> None:
    never = asyncio.Event()

    async def stay_silent(_: Received) -> Reply:
        await never.wait()
        return Reply()

    scripted.handle = stay_silent
    with pytest.raises(Fault) as raised:
        await call(scripted.url, Transport("vendor", read_timeout=0.05))
    never.set()
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "timeout")


@pytest.mark.parametrize("url", ["ftp://vendor.example.test/", "no-scheme", "http://vendor.example.test:port/"])
async def test_a_wrong_address_is_nothing_to_retry(url: str) -> None:
    with pytest.raises(Fault) as raised:
        await call(url)
    assert (raised.value.kind, raised.value.code) == (FaultKind.REFUSED, "bad_url")


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"", b'{"a":', b"[" * 100_000, b'{"a": NaN}', b"\xff\xfe"])
async def test_what_is_no_json_is_transient(scripted: ScriptedVendor, body: bytes) -> None:
    scripted.replies = [Reply(body)]
    async with Transport("vendor") as transport:
        response = await transport.get("Read", scripted.url)
        with pytest.raises(Fault) as raised:
            transport.json_body(response)
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "not_json")


async def test_every_exchange_is_kept_masked(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply.of({"ok": True, "access_token": "reply-secret"})]
    with exchange_log() as log:
        async with Transport("vendor") as transport:
            await transport.post(
                "Save",
                scripted.url,
                headers={"Authorization": "header-secret"},
                params={"sign": "query-secret", "page": "1"},
                data={"app_secret": "form-secret", "biz": '{"receiver_name":"王小明","qty":1.50}'},
            )
    [exchange] = log
    assert (exchange.system, exchange.operation, exchange.status, exchange.fault) == ("vendor", "Save", 200, None)
    assert exchange.at.tzinfo is not None
    kept = exchange.request + exchange.response
    assert "secret" not in kept.replace("app_secret", "")
    assert "王小明" not in kept
    assert "page=1" in exchange.request
    assert jsontext.loads(jsontext.loads(exchange.request.split("\n")[1])["biz"]) == {
        "receiver_name": "王**",
        "qty": Decimal("1.50"),
    }
    assert jsontext.loads(exchange.response) == {"ok": True, "access_token": "***"}


async def test_a_body_may_be_kept_out_altogether(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply(b'{"x": "y"}')]
    with exchange_log() as log:
        async with Transport("vendor") as transport:
            await transport.ask(
                "POST", "Login", scripted.url, judge=lambda _: None, json=["user", "pw"], keep_request=False
            )
            await transport.ask("POST", "Login", scripted.url, judge=lambda _: None, keep_reply=False)
    assert log[0].request == NOT_KEPT
    assert log[1].response == NOT_KEPT


async def test_the_verdict_of_the_judge_is_kept_and_raised(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply.of({"code": 199})]

    def judge(_: httpx.Response) -> str:
        raise Fault(FaultKind.THROTTLED, system="vendor", code="199", message="too many calls")

    with exchange_log() as log:
        async with Transport("vendor") as transport:
            with pytest.raises(Fault):
                await transport.ask("POST", "Query", scripted.url, judge=judge)
    assert (log[0].status, log[0].fault, log[0].fault_code) == (200, FaultKind.THROTTLED, "199")


async def test_failures_are_kept_too(scripted: ScriptedVendor) -> None:
    scripted.replies = [
        Reply(cut=0),
        Reply(b"<html>proxy</html>", 502, {"Content-Type": "text/html", "X-Api-Requestid": "R1", "X-Other": "other"}),
    ]
    with exchange_log() as log:
        for _ in range(2):
            with pytest.raises(Fault):
                await call(scripted.url, json={"a": 1})
    lost, proxy = log
    assert (lost.status, lost.fault, lost.response, lost.request) == (None, FaultKind.TRANSIENT, "", '{"a":1}')
    assert (proxy.status, proxy.fault_code) == (502, "http_502")
    assert proxy.response.split("\n") == ["content-type: text/html", "x-api-requestid: R1", "<html>proxy</html>"]


async def test_a_cancelled_call_leaves_a_trace(scripted: ScriptedVendor) -> None:
    arrived, never = asyncio.Event(), asyncio.Event()

    async def stay_silent(_: Received) -> Reply:
        arrived.set()
        await never.wait()
        return Reply()

    scripted.handle = stay_silent
    with exchange_log() as log:
        task = asyncio.create_task(call(scripted.url))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    never.set()
    assert [(e.status, e.fault_code) for e in log] == [(None, "cancelled")]


def test_a_large_body_is_cut_and_says_so() -> None:
    body = jsontext.dumps({"Model": [{"FNo": f"N{n}", "FReceiverName": "王小明"} for n in range(3000)]}).encode()
    kept = kept_text(body)
    assert kept.endswith(f"…[cut: {len(body) - KEPT_BYTES} of {len(body)} bytes]")
    assert "王小明" not in kept
    assert len(kept.encode()) < KEPT_BYTES + 100


@pytest.mark.parametrize("size", range(KEPT_BYTES - 8, KEPT_BYTES + 9))
def test_a_value_at_the_cut_does_not_leak(size: int) -> None:
    """Wherever the cut falls into the member, nothing of the phone number but its ends is kept."""
    start = '{"pad":"'
    filler = "x" * (size - len(start) - len('","receiver_phone":"1381'))
    kept = kept_text(f'{start}{filler}","receiver_phone":"13812345678","end":1}}{"y" * 40}'.encode())
    assert "12345" not in kept
    assert "1381" not in kept


def test_whatever_was_sent_can_be_stored_as_text() -> None:
    assert kept_text(b'{"a":"\x00\xff"}') == '{"a":"\ufffd\ufffd"}'


class Gauge:
    """How many calls a vendor sees at the same time."""

    def __init__(self, full_at: int) -> None:
        self.now = self.most = 0
        self._full_at = full_at
        self._full = asyncio.Event()

    async def __call__(self, _: Received) -> Reply:
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == self._full_at:
            self._full.set()
        await self._full.wait()
        self.now -= 1
        return Reply()


async def test_no_more_calls_at_once_than_allowed(scripted: ScriptedVendor) -> None:
    gauge = scripted.handle = Gauge(full_at=3)
    async with Transport("vendor", limits=Limits(parallel=3)) as transport:
        await asyncio.gather(*(transport.get("Read", scripted.url) for _ in range(12)))
    assert gauge.most == 3


async def test_a_failed_call_gives_its_place_back(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply(status=500), Reply(cut=0), Reply()]
    async with Transport("vendor", limits=Limits(parallel=1)) as transport:
        for _ in range(2):
            with pytest.raises(Fault):
                await transport.get("Read", scripted.url)
        assert (await transport.get("Read", scripted.url)).status_code == 200
