"""Digest authentication of POST calls (摘要认证, section 3.5)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from sandbox.flagship.clock import CHINA, Clock
from sandbox.flagship.config import FlagshipConfig

TOLERANCE_SECONDS = 600
_HEADERS = ("appid", "timestamp", "signaturenonce", "signature", "user", "usertype", "accountid")


def signature(key: str, message: str) -> str:
    """Lower-case hex of HMAC-SHA256."""
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


class Digest:
    """Checks signed calls; a nonce is good once."""

    def __init__(self, config: FlagshipConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._used: set[str] = set()

    def is_asked(self, headers: Mapping[str, str]) -> bool:
        return "signature" in headers

    def accepts(self, headers: Mapping[str, str], body: bytes) -> bool:
        given = [headers.get(name, "") for name in _HEADERS]
        app, timestamp, nonce, signed, user, _, account = given
        config = self._config
        if not all(given) or (app, user, account) != (config.app_id, config.user, config.account_id):
            return False
        try:
            moment = datetime.strptime(timestamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
            message = body.decode() + timestamp + nonce
        except ValueError:
            return False
        if abs((self._clock() - moment).total_seconds()) > TOLERANCE_SECONDS or nonce in self._used:
            return False
        if not hmac.compare_digest(signature(config.digest_key, message), signed):
            return False
        self._used.add(nonce)
        return True
