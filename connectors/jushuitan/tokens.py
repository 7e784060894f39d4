"""The access token of one merchant: kept, refreshed in time, renewed when the vendor drops it (section 2.2)."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import string
import time
from collections.abc import Callable
from typing import Any, Protocol

import httpx
from pydantic import SecretStr, ValidationError

from connectors.http import Transport
from connectors.jushuitan.access import Application, JushuitanAccess
from connectors.jushuitan.replies import JushuitanCode, bad_reply, fault, payload
from connectors.jushuitan.signing import signed
from domain.documents import Frozen
from domain.faults import Fault, FaultKind

REFRESH_WITHIN = 12 * 3600
"""Seconds before the end of a token in which a refresh takes effect."""
REFRESH_AGAIN = 1800
"""Seconds until a refresh that changed nothing, or failed, is tried again while the token still works."""
_CODE_CHARACTERS = string.ascii_lowercase + string.digits


class TokenVault(Protocol):
    """Where the token record is kept between runs and shared by workers; the text is secret."""

    async def load(self) -> str | None: ...

    async def save(self, text: str) -> None: ...


class MemoryVault:
    """A vault that forgets when the process ends."""

    def __init__(self, text: str | None = None) -> None:
        self._text = text

    async def load(self) -> str | None:
        return self._text

    async def save(self, text: str) -> None:
        self._text = text


class TokenRecord(Frozen):
    """A merchant's tokens.

    Attributes:
        expires_at: Unix time; None when nobody told.
        origin: fingerprint of the settings the record grew from; other tokens in the settings mean that somebody
            authorised anew, and then they win.
    """

    access_token: str
    refresh_token: str
    expires_at: int | None
    origin: str

    def seconds_left(self, now: float) -> float:
        return float("inf") if self.expires_at is None else self.expires_at - now


class Tokens:
    """Gives out the access token; one renewal at a time, whoever asks meanwhile waits for it.

    Args:
        vault: where the record is kept; several workers of one merchant share it.
        now: Unix time in seconds.
    """

    def __init__(
        self,
        access: JushuitanAccess,
        transport: Transport,
        vault: TokenVault | None = None,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._access = access
        self._transport = transport
        self._vault = vault or MemoryVault()
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        self._record: TokenRecord | None = None
        self._next_refresh = 0.0
        given = access.access_token
        self._origin = _fingerprint(given) if given else ""

    async def current(self) -> str:
        """A token that works as far as we know; refreshes or obtains it when its time is up.

        Raises:
            Fault: expired ``authorisation_needed``; or the token call failed and there is no token that works.
        """
        record = self._record
        if record is not None and not self._is_due(record):
            return record.access_token
        async with self._one_at_a_time:
            record = self._record
            if record is None or self._is_due(record):
                # Another process may have renewed it, or somebody authorised us anew.
                record = await self._load()
            if record is None:
                return await self._obtain("the merchant has not authorised this application yet")
            if self._is_due(record):
                return await self._refresh(record)
            return record.access_token

    async def renew(self, refused: str) -> str:
        """Another token, after the vendor refused `refused` (error 100).

        Does nothing but give out the newer token when somebody else, here or in another process, renewed it already.
        """
        async with self._one_at_a_time:
            for known in (self._record, await self._load()):
                if known is not None and known.access_token != refused:
                    self._record = known
                    return known.access_token
            return await self._obtain("the token is no longer accepted")

    async def exchange(self, code: str) -> None:
        """Take the code of an authorisation callback for tokens (provider's application, within 15 minutes)."""
        async with self._one_at_a_time:
            await self._keep(await self._ask("accessToken", {"grant_type": "authorization_code", "code": code}))

    async def expires_at(self) -> int | None:
        """Unix time the token ends; None when there is none or nobody told."""
        async with self._one_at_a_time:
            record = self._record or await self._load()
        return record.expires_at if record else None

    def _is_due(self, record: TokenRecord) -> bool:
        left = record.seconds_left(self._now())
        return left <= 0 or (left < REFRESH_WITHIN and self._may_refresh(record))

    def _may_refresh(self, record: TokenRecord) -> bool:
        own = self._access.application is Application.OWN
        return own and bool(record.refresh_token) and self._now() >= self._next_refresh

    async def _load(self) -> TokenRecord | None:
        """The newest record: of the vault, or of the settings when there is none or they have changed since."""
        text = await self._vault.load()
        stored = _read(text) if text else None
        given = self._access.access_token
        if given is not None and (stored is None or stored.origin != self._origin):
            refresh = self._access.refresh_token
            stored = TokenRecord(
                access_token=given.get_secret_value(),
                refresh_token=refresh.get_secret_value() if refresh else "",
                expires_at=None,
                origin=self._origin,
            )
        self._record = stored
        return stored

    async def _refresh(self, record: TokenRecord) -> str:
        left = record.seconds_left(self._now())
        if left <= 0:
            return await self._obtain("the token has expired")
        self._next_refresh = self._now() + REFRESH_AGAIN
        try:
            return await self._prolong(record)
        except Fault as failed:
            if not _passes(failed):
                raise
            return record.access_token  # it works for a while yet

    async def _prolong(self, record: TokenRecord) -> str:
        """Refresh, or where the vendor refuses that, a first token again."""
        try:
            fields = {"grant_type": "refresh_token", "refresh_token": record.refresh_token, "scope": "all"}
            return await self._keep(await self._ask("refreshToken", fields))
        except Fault as failed:
            if _passes(failed):
                raise
        return await self._obtain("the token could not be refreshed")

    async def _obtain(self, why: str) -> str:
        """A first token. Only an own application can ask for one."""
        if self._access.application is Application.PROVIDER:
            raise fault(FaultKind.EXPIRED, JushuitanCode.AUTHORISATION_NEEDED, why)
        code = "".join(secrets.choice(_CODE_CHARACTERS) for _ in range(6))
        return await self._keep(await self._ask("getInitToken", {"grant_type": "authorization_code", "code": code}))

    async def _keep(self, record: TokenRecord) -> str:
        """Whatever pair comes back is the pair from now on."""
        await self._vault.save(record.model_dump_json())
        self._record = record
        return record.access_token

    async def _ask(self, call: str, fields: dict[str, str]) -> TokenRecord:
        """One token call. Whatever the vendor has against it, it has against who we are (section 5: 150)."""
        form = {"app_key": self._access.app_key, "timestamp": str(int(self._now())), "charset": "utf-8", **fields}
        try:
            return await self._transport.ask(
                "POST",
                call,
                self._access.token_call(call),
                data=signed(form, self._access.app_secret.get_secret_value()),
                judge=self._record_of,
            )
        except Fault as failed:
            if failed.code == JushuitanCode.INTERNAL:
                raise fault(FaultKind.EXPIRED, JushuitanCode.AUTHORISATION_NEEDED, failed.message) from failed
            if failed.kind in (FaultKind.INVALID, FaultKind.REFUSED):
                raise fault(FaultKind.EXPIRED, failed.code, failed.message) from failed
            raise

    def _record_of(self, response: httpx.Response) -> TokenRecord:
        data: dict[str, Any] = payload(self._transport.json_body(response), self._now())
        try:
            return TokenRecord(
                access_token=data["access_token"],
                refresh_token=data.get("refresh_token") or "",
                expires_at=int(self._now()) + int(data["expires_in"]),
                origin=self._origin,
            )
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise bad_reply("a token call was not answered with a token") from error


def _passes(failed: Fault) -> bool:
    """Trouble on the way, which says nothing about the token."""
    return failed.kind in (FaultKind.TRANSIENT, FaultKind.THROTTLED)


def _fingerprint(token: SecretStr) -> str:
    return hashlib.sha256(token.get_secret_value().encode()).hexdigest()[:16]


def _read(text: str) -> TokenRecord | None:
    """The record a vault kept; one that cannot be read is as good as none."""
    try:
        return TokenRecord.model_validate_json(text)
    except ValidationError:
        return None
