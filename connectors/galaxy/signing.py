"""Signatures of Galaxy: signed headers (section 2.1) and the log-in signature (section 3)."""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import hmac
from itertools import cycle
from urllib.parse import quote

from connectors.galaxy.access import GalaxyAccess

_KEY_STREAM = codecs.encode("0054s397p6234378o09pn7q3r5qropr7", "rot13").encode()
"""Public constant of the protocol that veils the client secret inside the application id."""
_VEILED_LENGTH = 32


def client_credentials(app_id: str) -> tuple[str, str]:
    """Client id and client secret that are packed into an application id; empty texts when it is none."""
    client_id, separator, veiled = app_id.partition("_")
    if not separator or "_" in veiled:
        return "", ""
    return client_id, _unveil(veiled)


def _unveil(veiled: str) -> str:
    if len(veiled) != _VEILED_LENGTH:
        return ""
    try:
        raw = base64.b64decode(veiled, validate=True)
    except binascii.Error:
        return ""
    return base64.b64encode(bytes(a ^ b for a, b in zip(raw, cycle(_KEY_STREAM), strict=False))).decode()


def _mac(key: str, text: str) -> str:
    """Base64 of the hexadecimal text (not of the bytes) of an HMAC-SHA256."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest().encode()).decode()


def signed_headers(access: GalaxyAccess, url: str, timestamp: int) -> dict[str, str]:
    """The headers that authenticate one call to `url`.

    Args:
        timestamp: Unix time in seconds; serves as the nonce too.
    """
    client_id, client_secret = client_credentials(access.app_id)
    path = quote(url[url.index("/", 10) :]).replace("/", "%2F")
    signed = f"POST\n{path}\n\nx-api-nonce:{timestamp}\nx-api-timestamp:{timestamp}\n"
    app_data = f"{access.acct_id},{access.user_name},{access.lcid},{access.org_num}"
    return {
        "X-Api-ClientID": client_id,
        "X-Api-Auth-Version": "2.0",
        "x-api-timestamp": str(timestamp),
        "x-api-nonce": str(timestamp),
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": _mac(client_secret, signed),
        "X-Kd-Appkey": access.app_id,
        "X-Kd-Appdata": base64.b64encode(app_data.encode()).decode(),
        "X-Kd-Signature": _mac(access.app_secret.get_secret_value(), access.app_id + app_data),
    }


def login_sign(access: GalaxyAccess, timestamp: int) -> str:
    """The signature of LoginBySign for a Unix time in seconds."""
    parts = [
        access.acct_id,
        access.user_name,
        access.app_id,
        access.app_secret.get_secret_value(),
        str(timestamp),
    ]
    return hashlib.sha256("".join(sorted(parts)).encode()).hexdigest()
