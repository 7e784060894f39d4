"""What authenticates the calls of one connection: tokens that are renewed in time, or signatures (section 3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from connectors.flagship.access import Auth, FlagshipAccess, TimestampForm
from connectors.flagship.envelope import Failed, FlagshipCode, bad_reply, data_of, fault
from connectors.flagship.signing import digest_headers
from connectors.http import Transport
from domain import jsontext
from domain.faults import Fault, FaultKind

RENEW_BEFORE = 300.0
"""Seconds before its end at which a token is renewed."""
_LIFE = 7200.0
"""Seconds a token lives where the answer does not say."""
_AT_LEAST = 60.0
"""Seconds a token is used whatever the answer says: our clock and the server's may differ, and tokens are rationed."""
_CHINA = ZoneInfo("Asia/Shanghai")
_SPARE_THE_ACCOUNT = 30.0
"""Seconds a refused log-in is not tried again: five wrong secrets lock the application for three minutes."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a call sends along; remembered so that a lost token is given up once, however many calls notice."""

    headers: dict[str, str] = field(repr=False)
    generation: int


class Session:
    """Gives out what authenticates a call; one token call at a time, whoever asks meanwhile waits for it.

    Args:
        now: Unix time in seconds.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        access: FlagshipAccess,
        transport: Transport,
        *,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._transport = transport
        self._now = now
        self._clock = clock
        self._renewing = asyncio.Lock()
        self._generation = 0
        self._token = ""
        self._good_until = 0.0
        self._refusal: tuple[float, Fault] | None = None

    async def ticket(self, body: bytes) -> Ticket:
        """What to send with a call of that body. Gets a token first when that is needed; raises `Fault`."""
        if self._access.auth is Auth.DIGEST:
            signed = digest_headers(self._access, body, self._local_time(), uuid4().hex)
            return Ticket(self.common_headers() | signed, self._generation)
        if not self._is_good():
            await self._renew()
        return Ticket(self.common_headers() | {self._access.token_header: self._token}, self._generation)

    def lost(self, ticket: Ticket) -> None:
        """A call with this ticket was told that its token is not good. A later token is not touched."""
        if ticket.generation == self._generation:
            self._generation += 1
            self._token = ""

    def forgive(self) -> None:
        """Forget that a log-in was refused: the next call may try again."""
        self._refusal = None

    def common_headers(self) -> dict[str, str]:
        """What every call carries, the token calls included."""
        identity = self._access.gateway_identity
        return {"x-acgw-identity": identity.get_secret_value()} if identity else {}

    def _is_good(self) -> bool:
        return bool(self._token) and self._clock() < self._good_until

    async def _renew(self) -> None:
        async with self._renewing:
            if self._is_good():
                return  # somebody else did it while we waited
            if self._refusal is not None and self._clock() < self._refusal[0]:
                raise self._refusal[1]
            try:
                token, seconds = await (self._legacy() if self._access.auth is Auth.LEGACY else self._enhanced())
            except Fault as refused:
                if refused.code == FlagshipCode.LOGIN_REFUSED:
                    self._refusal = self._clock() + _SPARE_THE_ACCOUNT, refused
                raise
            self._token, self._refusal = token, None
            # A token that is shorter than the margin is used for half of its life.
            self._good_until = self._clock() + max(seconds - RENEW_BEFORE, seconds / 2, _AT_LEAST)

    async def _enhanced(self) -> tuple[str, float]:
        """getToken (section 3.1); the token and the seconds it has left."""
        access = self._access
        body = {
            "client_id": access.app_id,
            "client_secret": access.app_secret.get_secret_value(),
            "username": access.user,
            "accountId": access.account_id,
            "language": access.language,
            "nonce": uuid4().hex,
            "timestamp": self._timestamp(),
        }
        data = await self._ask("getToken", access.api("/oauth2/getToken"), body, _welcome)
        told = data.get("expires_in")
        return str(data["access_token"]), float(told) / 1000 if told else _LIFE

    async def _legacy(self) -> tuple[str, float]:
        """getAppToken.do and login.do (section 3.4)."""
        access = self._access
        common = {"accountId": access.account_id, "tenantid": access.tenant_id, "language": access.language}
        secret = access.app_secret.get_secret_value()
        # Older servers spell it appSecuret.
        app = {"appId": access.app_id, "appSecret": secret, "appSecuret": secret, **common}
        first = await self._ask("getAppToken", f"{access.url}/api/getAppToken.do", app, _legacy_welcome)
        user = {"user": access.user, "apptoken": first["app_token"], "usertype": access.user_type.value, **common}
        second = await self._ask("login", f"{access.url}/api/login.do", user, _legacy_welcome)
        ends = second.get("expire_time")
        return str(second["access_token"]), float(ends) / 1000 - self._now() if ends else _LIFE

    async def _ask(
        self, operation: str, url: str, body: dict[str, Any], judge: Callable[[httpx.Response], dict[str, Any]]
    ) -> dict[str, Any]:
        """A log-in call. What the vendor refuses of it is about who we are, or about our clock."""
        try:
            return await self._transport.ask(
                "POST", operation, url, json=body, headers=self.common_headers(), judge=judge, keep_request=False
            )
        except Failed as refused:
            if refused.kind in (FaultKind.TRANSIENT, FaultKind.THROTTLED):
                raise
            message = f"log-in refused ({refused.code}): {refused.message}"
            raise fault(FaultKind.EXPIRED, FlagshipCode.LOGIN_REFUSED, message) from refused

    def _timestamp(self) -> str:
        if self._access.timestamps is TimestampForm.LOCAL:
            return self._local_time()
        moment = datetime.fromtimestamp(self._now(), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _local_time(self) -> str:
        return datetime.fromtimestamp(self._now(), _CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _welcome(response: httpx.Response) -> dict[str, Any]:
    data = dict(data_of(response))
    if not data.get("access_token"):
        raise bad_reply("a log-in was answered without a token")
    return data


def _legacy_welcome(response: httpx.Response) -> dict[str, Any]:
    """The older calls tell their failures inside `data`."""
    try:
        body = jsontext.loads(response.content)
    except ValueError as error:
        raise bad_reply("a log-in was not answered with JSON") from error
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise bad_reply("a log-in was answered without data")
    if data.get("success") is not True or not (data.get("app_token") or data.get("access_token")):
        message = f"log-in refused ({data.get('error_code')}): {data.get('error_desc') or ''}"
        raise fault(FaultKind.EXPIRED, FlagshipCode.LOGIN_REFUSED, message)
    return data
