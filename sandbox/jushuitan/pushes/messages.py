"""What the platform tells a subscriber, and how: two forms of one message (vendor section 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from domain.jsontext import dumps
from sandbox.jushuitan.signing import SIGN, push_signature, signature


class PushKind(StrEnum):
    """`method` of the older form, `action_code` of the newer one."""

    SHIPPED = "logistics.upload"
    STOCK = "inventory.upload"
    GOODS_BACK = "refund.goods"


class PushForm(StrEnum):
    """How a message travels."""

    NEWER = "newer"
    """A form with `biz`, signed like a business call with the application's secret (assumed)."""
    OLDER = "older"
    """JSON in the body, method and signature in the query."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Where messages go. `partner_key` signs the older form; for open-platform applications it is fixed."""

    url: str
    form: PushForm = PushForm.OLDER
    kinds: frozenset[PushKind] = frozenset(PushKind)
    partner_id: str = "kingpostdemopartner"
    partner_key: str = "erp"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that happened."""

    kind: PushKind
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it is sent: address, body, and what the body is."""

    url: str
    body: bytes
    content_type: str


def letter(message: Message, to: Subscriber, *, app_key: str, secret: str, timestamp: int) -> Letter:
    """The message signed for a subscriber; signed anew each time it is sent."""
    if to.form is PushForm.NEWER:
        form = {
            "app_key": app_key,
            "action_code": message.kind.value,
            "timestamp": str(timestamp),
            "biz": dumps(message.payload),
        }
        text = urlencode(form | {SIGN: signature(form, secret)})
        return Letter(to.url, text.encode(), "application/x-www-form-urlencoded;charset=UTF-8")
    query = {"method": message.kind.value, "partnerid": to.partner_id, "ts": str(timestamp)}
    address = f"{to.url}?{urlencode(query | {SIGN: push_signature(query, to.partner_key)})}"
    return Letter(address, dumps(message.payload).encode(), "application/json;charset=UTF-8")
