"""Messages the platform sends to us (section 11): who says so, and what. They may come twice, late and in any order,
so a message is a reason to look at the source earlier, never the news itself."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic import SecretStr

from connectors.jushuitan.replies import JushuitanCode, fault
from connectors.jushuitan.signing import is_genuine
from domain import jsontext
from domain.documents import Frozen
from domain.faults import FaultKind

TAKEN = {"code": "0", "msg": "执行成功"}
"""The answer that ends the repeats; the vendor sends a message up to ten times."""
PARTNER_KEY = "erp"
"""What signs the older form for every open-platform application."""


class Push(Frozen):
    """A message.

    Attributes:
        kind: the vendor's word: ``logistics.upload`` (an order left), ``inventory.upload`` (stock changed),
            ``refund.goods`` (returned goods came in, or were taken out again). There are more than are documented.
    """

    kind: str
    payload: dict[str, Any]

    def numbers(self) -> tuple[str, ...]:
        """Platform numbers of the orders it is about."""
        value = self.payload.get("so_id")
        return (str(value),) if value not in (None, "") else ()


def read_push(query: Mapping[str, str], body: bytes, *, app_secret: SecretStr, partner_key: str = PARTNER_KEY) -> Push:
    """The message of a request, in either form.

    Args:
        query: parameters of the address; empty for the newer form.
        body: as it came.

    Raises:
        Fault: expired ``bad_signature``, it is not signed by the platform; invalid ``parameter``, it makes no sense.
    """
    if "method" in query:
        if not hmac.compare_digest(query.get("sign", "").encode(), _older_sign(query, partner_key).encode()):
            raise _unsigned()
        return Push(kind=query["method"], payload=_payload(body))
    fields = _fields(body)
    if not is_genuine(fields, app_secret.get_secret_value()):
        raise _unsigned()
    return Push(kind=fields.get("action_code", ""), payload=_payload(fields.get("biz", "").encode()))


def _older_sign(query: Mapping[str, str], partner_key: str) -> str:
    """Method and partner lead, the other parameters follow by name, the key ends it (section 11.2)."""
    rest = sorted((n, value) for n, value in query.items() if n not in ("method", "partnerid", "sign") and value)
    text = query["method"] + query.get("partnerid", "") + "".join(n + value for n, value in rest) + partner_key
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324  the vendor's choice


def _fields(body: bytes) -> dict[str, str]:
    """Fields of a form, or of a JSON object, which receivers of the newer form also meet."""
    if body.lstrip().startswith(b"{"):
        tree = _payload(body)
        return {name: value if isinstance(value, str) else jsontext.dumps(value) for name, value in tree.items()}
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _payload(body: bytes) -> dict[str, Any]:
    try:
        tree = jsontext.loads(body)
    except ValueError as error:
        raise fault(FaultKind.INVALID, JushuitanCode.PARAMETER, "a message that is no JSON") from error
    if not isinstance(tree, dict):
        raise fault(FaultKind.INVALID, JushuitanCode.PARAMETER, "a message that is no object")
    return tree


def _unsigned() -> Exception:
    return fault(FaultKind.EXPIRED, JushuitanCode.BAD_SIGNATURE, "a message that the platform did not sign")
