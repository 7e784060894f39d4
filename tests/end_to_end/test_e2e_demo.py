"""`kingpost demo --once` as a user runs it, and its result against arithmetic of our own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain import jsontext
from sandbox.rates.data import PUBLISHED
from sandbox.world.ledger import ErpSystem
from tests.end_to_end.retail import Row, write_orders
from tests.end_to_end.stage import REPO, load_settings, until

CENT = Decimal("0.01")
KEYS = {
    "documents": {"seen", "posted", "held", "skipped", "reversed"},
    "audit": {"missing", "duplicated", "quantity_off", "amount_off", "unaudited"},
    "posted_totals": {"sales", "returns"},
}
TOTALS = {"documents", "quantity", "amount", "functional_amount"}
TOP = {
    *KEYS,
    "held_reasons",
    "held_documents",
    "skipped_documents",
    "erp_calls",
    "history_events_per_document",
    "seconds",
}


@dataclass(frozen=True)
class Played:
    """How a demo ended."""

    status: int
    output: str
    errors: str
    report: dict[str, Any]


async def start(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    """A demo in a folder of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("KINGPOST_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "demo", "--once", "--report", "OUT.json", *arguments),
        cwd=folder,
        env=env | {"PYTHONPATH": str(REPO)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def play(folder: Path, *arguments: str) -> Played:
    """Run the demo to its end."""
    child = await start(folder, *arguments)
    output, errors = await child.communicate()
    report = folder / "OUT.json"
    tree = jsontext.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    return Played(child.returncode or 0, output.decode(), errors.decode(), tree)


def assert_well_formed(report: dict[str, Any]) -> None:
    """Exactly the keys of the contract, and every document accounted for."""
    assert set(report) == TOP
    for name, keys in KEYS.items():
        assert set(report[name]) == keys
    for totals in report["posted_totals"].values():
        assert set(totals) == TOTALS
        assert all(isinstance(totals[key], str) and Decimal(totals[key]) for key in TOTALS - {"documents"})
    counted = report["documents"]
    assert counted["seen"] == counted["posted"] + counted["held"] + counted["skipped"] + counted["reversed"]
    assert counted["posted"] == sum(totals["documents"] for totals in report["posted_totals"].values())
    assert counted["held"] == sum(report["held_reasons"].values()) == len(report["held_documents"])
    assert counted["skipped"] == len(report["skipped_documents"])
    assert report["audit"] == {name: [] for name in KEYS["audit"]}
    assert report["erp_calls"] > 0
    assert report["seconds"] > 0


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("erp", list(ErpSystem))
async def test_sample_day(tmp_path: Path, erp: ErpSystem) -> None:
    played = await play(tmp_path, "--erp", erp.value)
    assert played.status == 0, played.output + played.errors
    report = played.report
    assert_well_formed(report)
    assert report["documents"] == {"seen": 43, "posted": 36, "held": 5, "skipped": 1, "reversed": 1}
    assert report["held_reasons"] == {
        "outbound_not_posted": 1,
        "stock_short": 1,
        "source_invalid": 1,
        "mapping_missing": 2,
    }
    assert set(report["skipped_documents"].values()) == {"refund_only"}
    assert not (tmp_path / ".kingpost" / "demo.toml").exists(), "the demo's configuration ends with the demo"


# ── a file of our own ───────────────────────────────────────────────────────────────────────────────────────────────

MONDAY, TUESDAY, FRIDAY = "2010-12-06 09:00:00", "2010-12-07 10:30:00", "2010-12-10 16:45:00"
GERMANY = "Germany"
POSTED_SALES = (
    # A debt written off: a service at a negative price.
    Row("A540000", "B", 1, Decimal("-53.06"), "", at=MONDAY, description="Adjust bad debt"),
    Row("540001", "85123A", 6, Decimal("2.55"), "17850", at=MONDAY),
    Row("540001", "71053", 6, Decimal("3.39"), "17850", at=MONDAY),
    # The same goods twice on one invoice, and lines of two minutes.
    Row("540002", "22633", 6, Decimal("1.85"), "17850", at=MONDAY),
    Row("540002", "22633", 4, Decimal("1.85"), "17850", at="2010-12-06 09:01:00"),
    # A code in small letters is the same goods; postage is a service; a price of nought is a gift.
    Row("540003", "85123a", 10, Decimal("2.95"), "12583", GERMANY, TUESDAY),
    Row("540003", "POST", 1, Decimal("18.00"), "12583", GERMANY, TUESDAY, "POSTAGE"),
    Row("540003", "22423", 1, Decimal("0.00"), "12583", GERMANY, TUESDAY),
    # No customer, no description, a comma in the description, a thousandth of a pound.
    Row("540004", "21485", 3, Decimal("4.95"), "", at=TUESDAY, description=""),
    Row("540004", "DOT", 1, Decimal("12.34"), "", at=TUESDAY, description="DOTCOM POSTAGE, ALL PARCELS"),
    Row("540005", "84991", 5, Decimal("0.001"), "13047", at=FRIDAY),
    Row("540005", "21671", 80995, Decimal("2.08"), "13047", at=FRIDAY),
)
HELD_SALES = (
    # Goods written off: a negative quantity on an order is no sale.
    Row("540006", "21777", -10, Decimal("0.00"), "", at=MONDAY, description="damaged"),
    Row("540007", "22423", 2, Decimal("12.75"), "17850", at=TUESDAY),
    Row("540007", "84991", -1, Decimal("0.55"), "17850", at=TUESDAY),
)
POSTED_RETURNS = (
    # Part of a line; and more than the first line had, so that the second gives the rest.
    Row("C540008", "85123A", -2, Decimal("2.55"), "17850", at=TUESDAY),
    Row("C540009", "22633", -8, Decimal("1.85"), "17850", at=FRIDAY),
    Row("C540010", "85123A", -1, Decimal("2.95"), "12583", GERMANY, FRIDAY),
    Row("C540010", "22423", -1, Decimal("0.00"), "12583", GERMANY, FRIDAY),
)
HELD_RETURNS = (
    # Never sold to this customer; no customer at all; more than was ever sold.
    Row("C540011", "71053", -1, Decimal("3.39"), "13047", at=FRIDAY),
    Row("C540012", "22423", -1, Decimal("12.75"), "", at=FRIDAY),
    Row("C540013", "71053", -7, Decimal("3.39"), "17850", at=FRIDAY),
)
SKIPPED = (
    # Money without goods: a discount, and postage given back.
    Row("C540014", "D", -1, Decimal("27.50"), "17850", at=FRIDAY, description="Discount"),
    Row("C540015", "POST", -1, Decimal("18.00"), "12583", GERMANY, FRIDAY, "POSTAGE"),
)
PARTS = {"C540009": (6, 2)}
"""How a returned quantity falls on the order lines it was sold on, where it is more than one."""


def rate_of(at: str) -> Decimal:
    """The published parity of the day a row is moved to: the file's days onto the last publishing days, in order."""
    rows = (*POSTED_SALES, *HELD_SALES, *POSTED_RETURNS, *HELD_RETURNS, *SKIPPED)
    days = sorted({date.fromisoformat(row.at[:10]) for row in rows})
    published = sorted(PUBLISHED)[-len(days) :]
    return Decimal(PUBLISHED[published[days.index(date.fromisoformat(at[:10]))]]["GBP/CNY"])


def totals_of(rows: Iterable[Row]) -> dict[str, Any]:
    """Sums over bill lines, each rounded half up to cents: first in pounds, then in yuan."""
    invoices = set()
    quantity = amount = functional = Decimal(0)
    for row in rows:
        invoices.add(row.invoice)
        for part in PARTS.get(row.invoice, (abs(row.quantity),)):
            pounds = (part * row.price).quantize(CENT, ROUND_HALF_UP)
            quantity += part
            amount += pounds
            functional += (pounds * rate_of(row.at)).quantize(CENT, ROUND_HALF_UP)
    return {"documents": len(invoices), "quantity": quantity, "amount": amount, "functional_amount": functional}


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("erp", list(ErpSystem))
async def test_order_file(tmp_path: Path, erp: ErpSystem) -> None:
    rows = (*POSTED_SALES, *HELD_SALES, *POSTED_RETURNS, *HELD_RETURNS, *SKIPPED)
    played = await play(tmp_path, "--erp", erp.value, "--orders", str(write_orders(tmp_path / "small.csv", rows)))
    assert played.status == 0, played.output + played.errors
    report = played.report
    assert_well_formed(report)
    assert set(report["held_documents"]) == {row.invoice for row in (*HELD_SALES, *HELD_RETURNS)}
    assert report["skipped_documents"] == {row.invoice: "refund_only" for row in SKIPPED}
    assert report["held_reasons"] == {"source_invalid": 2, "outbound_not_posted": 3}
    for name, posted in (("sales", POSTED_SALES), ("returns", POSTED_RETURNS)):
        told = report["posted_totals"][name]
        assert {key: Decimal(value) for key, value in told.items()} == totals_of(posted), name


@pytest.mark.timeout(240)
async def test_terminated_demo_leaves_nothing_running(tmp_path: Path) -> None:
    """A `kill`, or a closed terminal: Temporal, simulators and worker go with the demo."""
    child = await start(tmp_path)
    log = tmp_path / ".kingpost" / "demo" / "worker.log"

    async def working() -> bool:
        return log.exists() and "worker is ready" in log.read_text(encoding="utf-8")

    await until(working, "the demo's worker is up")
    config = load_settings(tmp_path / ".kingpost" / "demo.toml")
    places = (f"http://{config.temporal.address}", config.galaxy["main"].url, config.jushuitan["main"].url)
    parts = [httpx.URL(place) for place in places]
    child.send_signal(signal.SIGTERM)
    output, errors = await child.communicate()
    assert child.returncode == 143
    assert b"Traceback" not in output + errors
    for part in parts:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(part.host, part.port)
    assert "worker is stopping" in log.read_text(encoding="utf-8")


async def test_bad_order_file(tmp_path: Path) -> None:
    file = write_orders(tmp_path / "bad.csv", [Row("540001"), Row("540002", at="tomorrow")])
    played = await play(tmp_path, "--orders", str(file))
    assert played.status == 2
    [sentence] = played.errors.strip().splitlines()
    assert f"{file}, line 3, column InvoiceDate: found 'tomorrow', expected a time" in sentence
    assert played.report == {}
