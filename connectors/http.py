"""The one way out to vendors: limits, time-outs, TLS, fault translation and capture of every exchange.

No retries: Temporal owns them. HTTP 200 says nothing about the business; `Transport.ask` takes a `judge` that reads
the body, and what the judge raises is kept with the exchange.
"""

from __future__ import annotations

import ssl
import time
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

import httpx

from connectors.limits import Limits
from domain import jsontext
from domain.exchanges import Exchange, note_exchange
from domain.faults import Fault, FaultKind
from domain.masking import mask_text

Answer = TypeVar("Answer")

KEPT_BYTES = 64 * 1024
"""How much of a request or reply body is kept with its exchange."""
NOT_KEPT = "[not kept: private]"
"""Stands for a body of which nothing may be kept."""

_KEPT_HEADERS = ("content-type", "retry-after", "x-api-requestid", "x-request-id")
"""The only reply headers ever kept, and only of replies that are not plain success."""

_MEANING = {401: FaultKind.EXPIRED, 403: FaultKind.REFUSED, 413: FaultKind.INVALID}
"""Statuses that say something of us or of what we sent. With any other, the call has not come through to the vendor's
business, which answers in its own envelope: somebody in between (a proxy, a balancer, a page of maintenance) spoke."""


@lru_cache(maxsize=16)
def _tls(ca: Path | None) -> ssl.SSLContext:
    """Verification is never switched off; a private installation brings its own CA file."""
    return httpx.create_ssl_context() if ca is None else ssl.create_default_context(cafile=ca)


class Transport:
    """HTTP/1.1 calls of one connection.

    Args:
        system: connection kind, for faults and exchanges, e.g. ``galaxy``.
        limits: rate and width; None for none.
        connect_timeout, read_timeout: seconds to connect, and seconds without a byte while sending or reading.
        ca: file with the CA certificates to trust instead of the public ones.
        status_fault: what this vendor means by an HTTP status of 300 or more; None falls back to the general rule.
        headers: sent with every call.
    """

    def __init__(
        self,
        system: str,
        *,
        limits: Limits | None = None,
        connect_timeout: float = 10.0,
        read_timeout: float = 120.0,
        ca: Path | None = None,
        status_fault: Callable[[httpx.Response], Fault | None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.system = system
        self._limits = limits or Limits()
        self._status_fault = status_fault
        self._client = httpx.AsyncClient(
            verify=_tls(ca),
            http2=False,
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            headers=dict(headers or {}),
            # Sessions are the clients' business: a jar would resend what they have dropped.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def get(
        self,
        operation: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """GET; see `ask`."""
        return await self.ask("GET", operation, url, judge=_as_is, params=params, headers=headers)

    async def post(
        self,
        operation: str,
        url: str,
        *,
        content: bytes | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """POST; see `ask`."""
        return await self.ask(
            "POST", operation, url, judge=_as_is, content=content, json=json, data=data, params=params, headers=headers
        )

    async def ask(
        self,
        method: str,
        operation: str,
        url: str,
        *,
        judge: Callable[[httpx.Response], Answer],
        content: bytes | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        keep_request: bool = True,
        keep_reply: bool = True,
    ) -> Answer:
        """Make one call and return what `judge` reads in the answer.

        Args:
            operation: the vendor's own name of the call, for the journal.
            judge: reads the body of an answer with a 2xx status; raises `Fault` when the business failed.
            content: body as bytes. Alternatively `json` (decimals written digit by digit) or `data` (a form).
            params: added to the query of `url`.
            keep_request, keep_reply: False when the body holds private values under no key that tells.

        Raises:
            Fault: transient ``timeout``, ``connection``, ``protocol`` or ``http_…`` of any status not named here;
                throttled ``http_429`` with the seconds of Retry-After; expired ``http_401``; refused ``tls``,
                ``bad_url`` or ``http_403``; invalid ``http_413``; whatever the vendor's `status_fault` or `judge` says.
        """
        body, content_type = _encode(content, json, data)
        sent = {"Content-Type": content_type, **(headers or {})} if content_type else dict(headers or {})
        async with self._limits.call():
            record = _Record(self.system, operation, _shown_request(body, data, params) if keep_request else NOT_KEPT)
            try:
                response = await self._send(method, url, body, params, sent)
                record.answered(response, keep=keep_reply)
                self._check_status(response)
                return judge(response)
            except Fault as fault:
                record.failed(fault.kind, fault.code)
                raise
            except CancelledError:
                record.failed(FaultKind.TRANSIENT, "cancelled")
                raise
            finally:
                note_exchange(record.exchange())

    def json_body(self, response: httpx.Response) -> Any:
        """The JSON of a body, numbers exact. Raises `Fault` transient ``not_json``: a proxy or an error page spoke."""
        try:
            return jsontext.loads(response.content.removeprefix(b"\xef\xbb\xbf"))
        except (ValueError, RecursionError) as error:
            raise self.fault(FaultKind.TRANSIENT, "not_json", f"HTTP {response.status_code}: {error}") from error

    def fault(
        self, kind: FaultKind, code: str, message: str, *, field: str | None = None, retry_after: float | None = None
    ) -> Fault:
        """A fault of this connection's system."""
        return Fault(kind, system=self.system, code=code, message=message, field=field, retry_after=retry_after)

    async def _send(
        self,
        method: str,
        url: str,
        body: bytes | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        try:
            target = httpx.URL(url).copy_merge_params(dict(params)) if params else httpx.URL(url)
            return await self._client.request(method, target, content=body, headers=headers)
        except httpx.TimeoutException as error:
            raise self.fault(FaultKind.TRANSIENT, "timeout", f"no answer in time ({type(error).__name__})") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise self.fault(FaultKind.REFUSED, "bad_url", str(error)) from error
        except httpx.NetworkError as error:
            if _is_certificate_error(error):
                raise self.fault(FaultKind.REFUSED, "tls", str(error)) from error
            raise self.fault(FaultKind.TRANSIENT, "connection", str(error) or type(error).__name__) from error
        except httpx.RequestError as error:  # broken HTTP, encoding or proxy
            raise self.fault(FaultKind.TRANSIENT, "protocol", str(error) or type(error).__name__) from error

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status < 300:
            return
        if self._status_fault is not None and (fault := self._status_fault(response)) is not None:
            raise fault
        message = f"HTTP {status} {response.reason_phrase}"
        if status == 429:
            raise self.fault(FaultKind.THROTTLED, "http_429", message, retry_after=_retry_after(response))
        kind = _MEANING.get(status, FaultKind.TRANSIENT)
        raise self.fault(kind, f"http_{status}", message, retry_after=_retry_after(response))


class _Record:
    """One exchange while it happens."""

    def __init__(self, system: str, operation: str, request: str) -> None:
        self._system = system
        self._operation = operation
        self._request = request
        self._at = datetime.now(UTC)
        self._started = time.perf_counter()
        self._elapsed: float | None = None
        self._status: int | None = None
        self._response = ""
        self._fault: tuple[FaultKind, str] | None = None

    def answered(self, response: httpx.Response, *, keep: bool) -> None:
        self._elapsed = time.perf_counter() - self._started
        self._status = response.status_code
        self._response = _shown_reply(response) if keep else NOT_KEPT

    def failed(self, kind: FaultKind, code: str) -> None:
        self._fault = (kind, code)

    def exchange(self) -> Exchange:
        elapsed = self._elapsed if self._elapsed is not None else time.perf_counter() - self._started
        return Exchange(
            id=uuid4(),
            system=self._system,
            operation=self._operation,
            at=self._at,
            elapsed_ms=round(elapsed * 1000),
            status=self._status,
            request=self._request,
            response=self._response,
            fault=self._fault[0] if self._fault else None,
            fault_code=self._fault[1] if self._fault else None,
        )


def _as_is(response: httpx.Response) -> httpx.Response:
    return response


def _encode(content: bytes | None, json: Any, data: Mapping[str, str] | None) -> tuple[bytes | None, str | None]:
    if data is not None:
        return urlencode(data).encode(), "application/x-www-form-urlencoded;charset=UTF-8"
    if json is not None:
        return jsontext.dumps(json).encode(), "application/json"
    return content, None


def _shown_request(body: bytes | None, data: Mapping[str, str] | None, params: Mapping[str, str] | None) -> str:
    """What is kept of a request: the query if there is one, and the body; a form as JSON, which people can read."""
    shown = jsontext.dumps(data).encode() if data is not None else body or b""
    query = mask_text(urlencode(params)) if params else ""
    return "\n".join(part for part in (query, kept_text(shown)) if part)


def _shown_reply(response: httpx.Response) -> str:
    body = kept_text(response.content)
    if response.status_code == 200 and response.content[:1] in (b"{", b"["):
        return body
    headers = [f"{name}: {response.headers[name]}" for name in _KEPT_HEADERS if name in response.headers]
    return "\n".join((*headers, body))


def kept_text(body: bytes) -> str:
    """A body as it may be kept: cut to `KEPT_BYTES` (saying how much is gone), then masked."""
    if len(body) <= KEPT_BYTES:
        return mask_text(_storable(body.decode(errors="replace")))
    # Cut first: masking costs by the byte, and what is cut off leaks nothing.
    head = mask_text(_storable(body[:KEPT_BYTES].decode(errors="ignore")))
    return f"{head}…[cut: {len(body) - KEPT_BYTES} of {len(body)} bytes]"


def _storable(text: str) -> str:
    """A NUL is no text to a database."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of the Retry-After header, given as a number or as a date."""
    value = response.headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _is_certificate_error(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
