"""Digest authentication of POST calls (section 3.5)."""

from __future__ import annotations

import hashlib
import hmac

from connectors.flagship.access import FlagshipAccess


def signature(key: str, message: str) -> str:
    """Lower-case hex of HMAC-SHA256."""
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


def digest_headers(access: FlagshipAccess, body: bytes, timestamp: str, nonce: str) -> dict[str, str]:
    """The headers that authenticate one call.

    Args:
        body: the exact bytes that will be sent.
        timestamp: ``yyyy-MM-dd HH:mm:ss`` in China.
        nonce: used once, 32 characters.
    """
    key = access.digest_key.get_secret_value() if access.digest_key else ""
    return {
        "appId": access.app_id,
        "timestamp": timestamp,
        "signatureNonce": nonce,
        "signature": signature(key, body.decode() + timestamp + nonce),
        "user": access.user,
        "usertype": access.user_type.value,
        "accountId": access.account_id,
    }
