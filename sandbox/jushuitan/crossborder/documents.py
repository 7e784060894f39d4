"""What goods cost on their way to an overseas warehouse (vendor section 10.9)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sandbox.jushuitan.documents import ZERO


@dataclass(frozen=True, slots=True)
class SkuFee:
    """Freight, duty and other cost of one goods code on one transfer, each in its own currency."""

    sku_id: str
    freight_price: Decimal = ZERO
    freight_currency: str = "CNY"
    tariff_price: Decimal = ZERO
    tariff_currency: str = "CNY"
    other_cost_price: Decimal = ZERO
    other_cost_currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class TransferFee:
    """The fees of one transfer, by the id of its first half."""

    io_id: int
    items: tuple[SkuFee, ...]
