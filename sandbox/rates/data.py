"""Central parities that were really published, as the publisher's own strings (exchange-rates.md section 5)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

Values = dict[str, str]
"""Published strings of one day by the publisher's label, e.g. ``100JPY/CNY`` → ``4.3135``."""

MISSING = "---"
"""What the publisher prints for a pair without a value (section 4)."""


def read_publications(lines: Iterable[str]) -> dict[date, Values]:
    """Parse ``date,<label>,…`` lines into days in ascending order; columns keep their order."""
    rows = csv.DictReader(lines)
    days = {date.fromisoformat(row.pop("date")): dict(row) for row in rows}
    return dict(sorted(days.items()))


with Path(__file__).with_name("central_parity.csv").open(encoding="utf-8", newline="") as _file:
    PUBLISHED: dict[date, Values] = read_publications(_file)
"""All days of the document, ascending, 25 pairs each."""

LABELS: tuple[str, ...] = tuple(next(iter(PUBLISHED.values())))
"""The 25 pairs in the publisher's order (section 2)."""

_CHINESE = {
    "USD": "美元",
    "EUR": "欧元",
    "JPY": "日元",
    "HKD": "港元",
    "GBP": "英镑",
    "AUD": "澳元",
    "NZD": "新西兰元",
    "SGD": "新加坡元",
    "CHF": "瑞士法郎",
    "CAD": "加元",
    "MOP": "澳门元",
    "MYR": "林吉特",
    "RUB": "卢布",
    "ZAR": "兰特",
    "KRW": "韩元",
    "AED": "迪拉姆",
    "SAR": "里亚尔",
    "HUF": "福林",
    "PLN": "兹罗提",
    "DKK": "丹麦克朗",
    "SEK": "瑞典克朗",
    "NOK": "挪威克朗",
    "TRY": "里拉",
    "MXN": "比索",
    "THB": "泰铢",
    "CNY": "人民币",
}


def foreign_currency(label: str) -> str:
    """The ISO code of a label that is not CNY: ``100JPY/CNY`` → ``JPY``."""
    base, quote = label.split("/")
    return quote if base == "CNY" else base[-3:]


def chinese_currency(iso: str) -> str:
    """The name of a currency as Chinese publishers print it."""
    return _CHINESE[iso]
