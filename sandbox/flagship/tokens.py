"""Tokens: the enhanced access token and the two legacy steps (sections 3.1 to 3.4)."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.flagship import texts
from sandbox.flagship.clock import Clock, read_token_timestamp
from sandbox.flagship.config import FlagshipConfig, Switches
from sandbox.flagship.limits import Rates
from sandbox.flagship.replies import Code, Refusal, envelope

TOLERANCE_SECONDS = 300
CALLS_PER_MINUTE = 30
WRONG_SECRETS_ALLOWED = 5
LOCKED_SECONDS = 180
_NEEDED = ("client_id", "client_secret", "username", "accountId", "nonce", "timestamp")
_CHARACTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Token:
    user: str
    expires: float


class Tokens:
    """Gives out tokens and knows which are good.

    Attributes:
        revoked: the application is disabled: no token is good and none is given out.
    """

    revoked = False

    def __init__(self, config: FlagshipConfig, switches: Switches, clock: Clock, rates: Rates) -> None:
        self._config = config
        self._switches = switches
        self._clock = clock
        self._rates = rates
        self._tokens: dict[str, Token] = {}
        self._app_tokens: dict[str, float] = {}
        self._nonces: set[str] = set()
        self._wrong = 0
        self._locked_until = 0.0

    def user_of(self, token: str | None) -> str | None:
        """The user a token acts for; None when it is not good."""
        found = self._tokens.get(token or "")
        return found.user if found and not self.revoked and found.expires > self._now() else None

    def end(self, token: str | None) -> None:
        self._tokens.pop(token or "", None)

    def expire_all(self) -> int:
        """No token is good any more; how many there were."""
        count = len(self._tokens)
        self._tokens.clear()
        return count

    def get(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """getToken, its checks in the order of section 3.1. Raises Refusal."""
        self._rates.refuse_too_many("getToken", CALLS_PER_MINUTE, 60)
        self._need(given, _NEEDED)
        self._check_app(str(given["client_id"]), str(given["client_secret"]), str(given["accountId"]))
        self._check_user(str(given["username"]))
        self._check_fresh(given)
        token = self._open(str(given["username"]), "OPENAPIAUTH_")
        return envelope(
            {
                "access_token": token,
                "token_type": "Bearer",
                "refresh_token": secrets.token_hex(16),
                "scope": "API",
                "expires_in": self._milliseconds_left(token),
                "language": given.get("language") or "zh_CN",
            },
            message="",
        )

    def verify(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """verifyToken (section 3.2). Raises Refusal."""
        self._rates.refuse_too_many("verifyToken", CALLS_PER_MINUTE, 60)
        self._need(given, ("client_id", "token_type_hint", "token", "accountId", "nonce", "timestamp"))
        self._check_fresh(given)
        token = str(given["token"])
        if self.user_of(token) is None:
            raise Refusal(Code.TOKEN_INVALID, texts.TOKEN_INVALID)
        return envelope({"expires_in": self._milliseconds_left(token), "active": True, "scope": "API"})

    def withdraw(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """withdrawToken (section 3.2). Raises Refusal."""
        self._rates.refuse_too_many("withdrawToken", CALLS_PER_MINUTE, 60)
        self._need(given, ("client_id", "client_secret", "token_type_hint", "token", "accountId", "nonce", "timestamp"))
        self._check_app(str(given["client_id"]), str(given["client_secret"]), str(given["accountId"]))
        self._check_fresh(given)
        if self.user_of(str(given["token"])) is None:
            raise Refusal(Code.UPDATE_FAILED, texts.TOKEN_INVALID)
        self.end(str(given["token"]))
        return envelope(True, message="true")

    def legacy_app_token(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """getAppToken.do; a failure is told inside `data` (section 3.4)."""
        secret = given.get("appSecret") or given.get("appSecuret")
        right = (self._config.app_id, self._config.app_secret, self._config.account_id)
        if self.revoked or (given.get("appId"), secret, given.get("accountId")) != right:
            return _legacy_failure(texts.APP_UNKNOWN)
        token = secrets.token_hex(16)
        self._app_tokens[token] = self._now() + self._config.token_seconds
        return _legacy({"app_token": token, "expire_time": int(self._app_tokens[token] * 1000)})

    def legacy_login(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """login.do with an app token."""
        good = self._app_tokens.get(str(given.get("apptoken"))) or 0.0
        if self.revoked or good <= self._now() or given.get("accountId") != self._config.account_id:
            return _legacy_failure(texts.TOKEN_INVALID)
        if given.get("user") not in (self._config.user, self._config.other_user):
            return _legacy_failure(texts.NO_USER)
        token = self._open(str(given["user"]), f"{self._config.account_id}_")
        return _legacy({"access_token": token, "expire_time": int(self._tokens[token].expires * 1000)})

    def _now(self) -> float:
        return self._clock().timestamp()

    def _need(self, given: Mapping[str, Any], names: tuple[str, ...]) -> None:
        for name in names:
            if given.get(name) in (None, ""):
                raise Refusal(Code.INVALID, texts.missing_parameter(name))

    def _check_app(self, app_id: str, secret: str, account: str) -> None:
        config = self._config
        if self.revoked or (app_id, account) != (config.app_id, config.account_id):
            raise Refusal(Code.UNAUTHENTICATED, texts.APP_UNKNOWN)
        if self._now() < self._locked_until:
            raise Refusal(Code.UNAUTHENTICATED, texts.APP_LOCKED)
        if secret != config.app_secret:
            self._wrong += 1
            if self._wrong >= WRONG_SECRETS_ALLOWED:
                self._wrong, self._locked_until = 0, self._now() + LOCKED_SECONDS
            raise Refusal(Code.UNAUTHENTICATED, texts.wrong_secret(self._wrong, WRONG_SECRETS_ALLOWED))
        self._wrong = 0

    def _check_user(self, user: str) -> None:
        if user not in (self._config.user, self._config.other_user):
            raise Refusal(Code.INVALID, texts.NO_USER)
        if self._switches.proxy_control and user != self._config.user:
            raise Refusal(Code.INVALID, texts.NOT_PROXY)

    def _check_fresh(self, given: Mapping[str, Any]) -> None:
        nonce = str(given["nonce"])
        if nonce in self._nonces:
            raise Refusal(Code.INVALID, texts.NONCE_USED)
        try:
            moment = read_token_timestamp(str(given["timestamp"]))
        except ValueError as error:
            raise Refusal(Code.INVALID, texts.bad_value("timestamp", given["timestamp"])) from error
        if abs((self._clock() - moment).total_seconds()) > TOLERANCE_SECONDS:
            raise Refusal(Code.INVALID, texts.CLOCK)
        self._nonces.add(nonce)

    def _open(self, user: str, shape: str) -> str:
        random = "".join(secrets.choice(_CHARACTERS) for _ in range(100))
        text = f"{self._config.account_id}_{random}"
        token = shape + (base64.b64encode(text.encode()).decode() if shape.startswith("OPENAPIAUTH") else random)
        self._tokens[token] = Token(user, self._now() + self._config.token_seconds)
        return token

    def _milliseconds_left(self, token: str) -> str:
        return str(int((self._tokens[token].expires - self._now()) * 1000))


def _legacy(data: dict[str, Any]) -> dict[str, Any]:
    told = {"success": True, "error_code": "0", "error_desc": "", **data}
    return {"state": "success", "data": told, "status": True}


def _legacy_failure(message: str) -> dict[str, Any]:
    told = {"success": False, "error_code": "401", "error_desc": message}
    return {"state": "success", "data": told, "status": True}
