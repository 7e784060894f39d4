"""Alerts: what somebody has to hear of now, told once however often it is said."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from domain.documents import Frozen, OwnerRole


class Alert(Frozen):
    """Something that does not get better without a person.

    Attributes:
        key: what it is about and since when; two alerts of one key are one.
        owner: whose turn it is.
        gap: gap key of what waits for it, if documents do.
        zh, en: what happened and what to do, one or two sentences.
    """

    key: str
    at: datetime
    owner: OwnerRole
    zh: str
    en: str
    gap: str | None = None


class Alerts(Protocol):
    """Where alerts go."""

    async def raise_once(self, alert: Alert) -> bool:
        """Tell whoever has to know. False when this alert was raised before: then nobody is told again."""
        ...
