"""The session of one Galaxy connection, shared by all its calls (sections 2.4 and 3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.galaxy.access import Auth, GalaxyAccess
from connectors.galaxy.envelope import GalaxyCode, bad_reply, fault, read_body
from connectors.galaxy.signing import login_sign, signed_headers
from connectors.http import Transport
from domain.faults import Fault, FaultKind

SESSION_ID = "kdservice-sessionid"
_AUTH = "Kingdee.BOS.WebApi.ServicesStub.AuthService."
_LOGGED_IN = (1, -5)
"""`LoginResultType`: success, and success that a browser would follow with a form."""
_SPARE_THE_ACCOUNT = 30.0
"""Seconds a refused log-in is not tried again: about five wrong passwords lock the account. Until then whoever was
refused has had the connection paused; a new password must not have to wait any longer."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a call sends along; remembered so that a lost session is given up once, however many calls notice."""

    headers: dict[str, str] = field(repr=False)
    generation: int


class Session:
    """Gives out what authenticates a call, and renews it when it is lost, once for all who wait.

    In signed mode every call is signed and the server opens sessions by itself; we keep sending the newest session id.
    Otherwise we log in when there is no session.

    Args:
        now: Unix time in seconds.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        access: GalaxyAccess,
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
        self._cookies: dict[str, str] = {}
        self._refusal: tuple[float, Fault] | None = None

    async def ticket(self, url: str) -> Ticket:
        """What to send with a call to `url`. Logs in first when that is needed; raises `Fault` when it fails."""
        signed = self._access.auth is Auth.SIGNED
        if not signed and SESSION_ID not in self._cookies:
            await self._log_in()
        headers = signed_headers(self._access, url, int(self._now())) if signed else {}
        return Ticket(headers | self._session_headers(), self._generation)

    def lost(self, ticket: Ticket) -> None:
        """A call with this ticket was told that its session is lost. A later session is not touched."""
        if ticket.generation == self._generation:
            self._generation += 1
            self._cookies.clear()

    def forgive(self) -> None:
        """Forget that a log-in was refused: the next call may try again."""
        self._refusal = None

    def remember(self, response: httpx.Response) -> None:
        """Keep the cookies of an answer: the session the server opened, and whatever its balancer wants back."""
        for cookie in response.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            if value.strip():
                self._cookies[name.strip()] = value.strip()

    async def close(self) -> None:
        """Log out, so that the session gives its licence back. Never fails."""
        headers = self._session_headers()
        self._cookies.clear()
        if SESSION_ID not in headers:
            return
        with suppress(Fault):
            await self._transport.post("Logout", self._access.service(_AUTH + "Logout"), json={}, headers=headers)

    def _session_headers(self) -> dict[str, str]:
        if SESSION_ID not in self._cookies:
            return {}
        cookies = ";".join(f"{name}={value}" for name, value in self._cookies.items())
        return {SESSION_ID: self._cookies[SESSION_ID], "Cookie": f"Theme=standard;{cookies}"}

    async def _log_in(self) -> None:
        async with self._renewing:
            if SESSION_ID in self._cookies:
                return  # somebody else did it while we waited
            if self._refusal is not None and self._clock() < self._refusal[0]:
                raise self._refusal[1]
            operation, body = self._login_call()
            try:
                await self._transport.ask(
                    "POST",
                    operation,
                    self._access.service(_AUTH + operation),
                    json=body,
                    judge=self._welcome,
                    keep_request=False,
                )
            except Fault as refused:
                if refused.code == GalaxyCode.LOGIN_REFUSED:
                    self._refusal = self._clock() + _SPARE_THE_ACCOUNT, refused
                raise
            self._refusal = None

    def _login_call(self) -> tuple[str, dict[str, Any]]:
        access = self._access
        named = {"acctID": access.acct_id, "username": access.user_name, "lcid": access.lcid}
        secret = access.app_secret.get_secret_value()
        match access.auth:
            case Auth.PASSWORD:
                password = access.password.get_secret_value() if access.password else ""
                return "ValidateUser", named | {"password": password}
            case Auth.SIGN:
                timestamp = int(self._now())
                sign = login_sign(access, timestamp)
                positions = [access.acct_id, access.user_name, access.app_id, timestamp, sign, access.lcid]
                return "LoginBySign", {"parameters": positions}
            case _:
                return "LoginByAppSecret", named | {"appid": access.app_id, "appsecret": secret}

    def _welcome(self, response: httpx.Response) -> None:
        """Read the answer to a log-in (section 3.1)."""
        reply = read_body(response.content)
        if not isinstance(reply, dict):
            raise bad_reply("a log-in was not answered with an object")
        result, session_id = reply.get("LoginResultType"), reply.get("KDSVCSessionId")
        if result not in _LOGGED_IN or not session_id:
            message = f"log-in refused ({result}): {reply.get('Message') or ''}"
            raise fault(FaultKind.EXPIRED, GalaxyCode.LOGIN_REFUSED, message)
        self.remember(response)
        self._cookies[SESSION_ID] = str(session_id)
