"""The configuration file of a product whose neighbours are the embedded parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain import jsontext
from sandbox.world.ledger import ErpSystem

Sections = dict[str, dict[str, Any]]
"""A configuration file: tables by name, "" for the top."""


_ERP_KEYS = {
    ErpSystem.GALAXY: ("url", "acct_id", "user_name", "app_id", "app_secret"),
    ErpSystem.FLAGSHIP: ("url", "account_id", "app_id", "app_secret", "user"),
}


def sections_for(
    systems: dict[str, Any], store_url: str, address: str, web: str, erp: ErpSystem = ErpSystem.GALAXY
) -> Sections:
    """What a worker, or a command in another terminal, needs to know.

    Args:
        systems: as the simulators announced it.
        erp: where bills go.
    """
    rates = systems["rates"]
    since = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    return {
        "": {"store_url": store_url},
        "temporal": {"address": address, "web": web},
        "rates": {
            "central_parity_url": rates["url"],
            "safe_url": rates["backup_url"],
            "frankfurter_url": rates["frankfurter_url"],
        },
        f"{erp.value}.main": {key: systems[erp.value][key] for key in _ERP_KEYS[erp]},
        "jushuitan.main": {**systems["jushuitan"], "erp": "main", "since": since},
    }


def write(file: Path, sections: Sections) -> None:
    """Write it as TOML, for nobody else to read: it holds credentials."""
    lines = []
    for name, values in sections.items():
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {jsontext.dumps(value)}" for key, value in values.items()]
        lines.append("")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text("\n".join(lines), encoding="utf-8")
