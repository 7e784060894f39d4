"""The one signature of Jushuitan: business calls, token calls, authorise page and callback (section 3.2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from connectors.jushuitan.access import JushuitanAccess

AUTHORISE_PAGE = "https://openweb.jushuitan.com/auth"


def sign(parameters: Mapping[str, str], app_secret: str) -> str:
    """MD5 over the secret and every name and value, sorted by name; ``sign`` itself and empty values do not count."""
    pairs = sorted((name, value) for name, value in parameters.items() if name != "sign" and value)
    text = app_secret + "".join(name + value for name, value in pairs)
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324  the vendor's choice


def signed(parameters: Mapping[str, str], app_secret: str) -> dict[str, str]:
    """The parameters with their signature, as they are sent."""
    return {**parameters, "sign": sign(parameters, app_secret)}


def is_genuine(parameters: Mapping[str, str], app_secret: str) -> bool:
    """Whether the vendor signed these parameters, e.g. the query of an authorisation callback (section 2.1)."""
    return hmac.compare_digest(parameters.get("sign", "").encode(), sign(parameters, app_secret).encode())


def authorise_url(access: JushuitanAccess, timestamp: int, state: str = "", page: str = AUTHORISE_PAGE) -> str:
    """The page where a merchant authorises a provider's application; `timestamp` in Unix seconds."""
    parameters = {"app_key": access.app_key, "timestamp": str(timestamp), "charset": "utf-8", "state": state}
    return f"{page}?{urlencode(signed(parameters, access.app_secret.get_secret_value()))}"
