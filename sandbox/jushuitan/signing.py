"""Signatures of the open platform (vendor document sections 3.2 and 11.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

SIGN = "sign"


def signature_base(parameters: Mapping[str, str]) -> str:
    """Names and values in byte order of the names, without `sign` and without empty values."""
    return "".join(name + parameters[name] for name in sorted(parameters) if name != SIGN and parameters[name])


def signature(parameters: Mapping[str, str], app_secret: str) -> str:
    """The sign of a business, token, authorise or callback request: the secret goes in front, once."""
    return _md5(app_secret + signature_base(parameters))


def push_signature(query: Mapping[str, str], partner_key: str) -> str:
    """The sign of an older push: method and partner lead, the other query parameters follow, the key ends it."""
    rest = {name: value for name, value in query.items() if name not in ("method", "partnerid")}
    return _md5(query["method"] + query["partnerid"] + signature_base(rest) + partner_key)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
