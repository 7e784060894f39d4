"""The vendor's error codes, and the refusal that carries one (vendor document section 5)."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """`code` of the answer's envelope."""

    OK = 0
    BAD_SIGNATURE = 10
    BAD_TOKEN = 100
    IP_NOT_ALLOWED = 110
    PARAMETER_MISSING = 130
    PARAMETER_WRONG = 140
    """Also: timestamp outside the tolerance (today's table)."""
    AUTHORISE_AGAIN = 150
    BUSINESS_REFUSED = 160
    SHOP_UNKNOWN = 170
    TIMESTAMP_OLD_TABLE = 180
    """Timestamp outside the tolerance (older table)."""
    NO_PERMISSION = 190
    PER_SECOND = 199
    PER_MINUTE = 200
    OWN_APPLICATION_ONLY = 21024


class Refusal(Exception):
    """A call or an uploaded row that the vendor does not take."""

    def __init__(self, code: Code | int, message: str) -> None:
        super().__init__(f"[{int(code)}] {message}")
        self.code = int(code)
        self.message = message
