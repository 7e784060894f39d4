"""Where alerts go: into the store, once each, and into the log."""

from __future__ import annotations

import structlog

from domain.alerts import Alert
from store.store import Store

log = structlog.get_logger()


class RecordedAlerts:
    """Alerts of `domain.alerts.Alerts`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def raise_once(self, alert: Alert) -> bool:
        """Keep it and log it, unless it was kept before."""
        new = await self._store.put_alert(alert)
        if new:
            log.warning("alert", key=alert.key, owner=alert.owner.value, zh=alert.zh, en=alert.en)
        return new
