"""Access and refresh tokens of the one merchant of the simulator (vendor document section 2)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.config import Application, JushuitanConfig, Refreshing


@dataclass(frozen=True, slots=True)
class TokenPair:
    """An access token, the refresh token given with it, and when both end."""

    access_token: str
    refresh_token: str
    expires_at: datetime


class TokenBook:
    """Issues, refreshes and checks tokens and the one-time codes of the authorisation page.

    Attributes:
        revoked: the merchant has taken the authorisation back: no token is accepted and none is given out.
    """

    revoked = False

    def __init__(self, config: JushuitanConfig, now: datetime) -> None:
        self._config = config
        first = TokenPair(config.access_token, config.refresh_token, now + config.token_life)
        self._pairs: dict[str, TokenPair] = {first.access_token: first}
        self._codes: dict[str, datetime] = {}

    def check(self, access_token: str, now: datetime) -> None:
        """Raises Refusal 100 unless the token is known and alive."""
        pair = self._pairs.get(access_token)
        if self.revoked or pair is None or pair.expires_at <= now:
            raise Refusal(Code.BAD_TOKEN, "access_token无效或已过期")

    def first(self, code: str, now: datetime) -> TokenPair:
        """getInitToken: any code of six characters buys a token for a merchant's own application."""
        self._refuse_revoked()
        if self._config.application is not Application.OWN:
            raise Refusal(Code.OWN_APPLICATION_ONLY, "仅支持自有应用")
        if len(code) != 6:
            raise Refusal(Code.PARAMETER_WRONG, "code必须为6位随机码")
        if self._config.init_token_replaces:
            self._pairs.clear()
        return self._issue(now)

    def new_code(self, now: datetime) -> str:
        """The merchant agreed: a code that buys one token while it lives."""
        code = secrets.token_hex(8)
        self._codes[code] = now + self._config.code_life
        return code

    def exchange(self, code: str, now: datetime) -> TokenPair:
        """accessToken: the code of the callback, once."""
        ends = self._codes.pop(code, None)
        if ends is None or ends <= now:
            raise Refusal(Code.PARAMETER_WRONG, "code无效或已过期")
        return self._issue(now)

    def refresh(self, refresh_token: str, now: datetime) -> TokenPair:
        """refreshToken: takes effect only shortly before expiry; before that the same pair comes back unchanged."""
        self._refuse_revoked()
        if self._config.application is not Application.OWN:
            raise Refusal(Code.AUTHORISE_AGAIN, "ISV应用不支持刷新,请商家重新授权")
        pair = next((pair for pair in self._pairs.values() if pair.refresh_token == refresh_token), None)
        if pair is None or pair.expires_at <= now:
            raise Refusal(Code.PARAMETER_WRONG, "refresh_token无效或已过期")
        if pair.expires_at - now > self._config.refresh_window:
            return pair
        del self._pairs[pair.access_token]
        if self._config.refreshing is Refreshing.RENEW:
            return self._issue(now)
        longer = TokenPair(pair.access_token, pair.refresh_token, now + self._config.token_life)
        self._pairs[longer.access_token] = longer
        return longer

    def cut_short(self, now: datetime, left: timedelta = timedelta(0)) -> None:
        """Let every token that lives longer end after `left`."""
        ends = now + left
        for key, pair in self._pairs.items():
            if pair.expires_at > ends:
                self._pairs[key] = TokenPair(pair.access_token, pair.refresh_token, ends)

    def _refuse_revoked(self) -> None:
        if self.revoked:
            raise Refusal(Code.AUTHORISE_AGAIN, "授权已取消,请商家重新授权")

    def _issue(self, now: datetime) -> TokenPair:
        pair = TokenPair(secrets.token_hex(16), secrets.token_hex(16), now + self._config.token_life)
        self._pairs[pair.access_token] = pair
        return pair
