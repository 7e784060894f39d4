"""Signatures of both ways to authenticate, as the server checks them (sections 2 and 3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from binascii import Error as Base64Error
from urllib.parse import quote

KEY_STREAM = b"0054f397c6234378b09ca7d3e5debce7"
"""The four seeds of the vendor's SDK after ROT13, of which the first 24 bytes are used."""

_ENCODED_LENGTH = 32


def split_app_id(app_id: str) -> tuple[str, str]:
    """Client id and client secret of an AppID; two empty texts when it has not exactly two parts."""
    parts = app_id.split("_")
    if len(parts) != 2:
        return "", ""
    return parts[0], client_secret(parts[1])


def client_secret(encoded: str) -> str:
    """The client secret hidden in the second part of an AppID; empty when it is not 32 characters of base64."""
    if len(encoded) != _ENCODED_LENGTH:
        return ""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except Base64Error:
        return ""
    if len(raw) != _ENCODED_LENGTH * 3 // 4:
        return ""
    return base64.b64encode(bytes(a ^ b for a, b in zip(raw, KEY_STREAM, strict=False))).decode()


def api_signature(secret: str, path: str, nonce: str, timestamp: str) -> str:
    """``X-Api-Signature``: over the decoded URL path, without host and query."""
    encoded = quote(path, encoding="utf-8").replace("/", "%2F")
    return _hex_hmac(secret, f"POST\n{encoded}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n")


def data_signature(app_secret: str, app_id: str, app_data: str) -> str:
    """``X-Kd-Signature``: over the AppID and the decoded app data."""
    return _hex_hmac(app_secret, app_id + app_data)


def login_signature(acct_id: str, user: str, app_id: str, app_secret: str, timestamp: str) -> str:
    """The `sign` of LoginBySign."""
    joined = "".join(sorted((acct_id, user, app_id, app_secret, timestamp)))
    return hashlib.sha256(joined.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare signatures in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def _hex_hmac(key: str, message: str) -> str:
    digest = hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(digest.encode()).decode()
