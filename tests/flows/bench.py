"""A small flow with every kind of rule, its model and its form, to be broken on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel

from flows.catalogue import Scheme, load_flow, load_forms


class Status(StrEnum):
    SENT = "Sent"
    REFUND = "Refund"
    CANCELLED = "Cancelled"


class Line(BaseModel):
    sku: str
    qty: Decimal
    price: Decimal
    order_line: str | None = None
    made: datetime | None = None


class Goods(BaseModel):
    number: str
    status: Status
    kind: str = ""
    currency: str
    shop: str | None
    day: datetime
    labels: tuple[str, ...] = ()
    items: tuple[Line, ...] = ()

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        return self.items

    @property
    def is_received(self) -> bool:
        return bool(self.items)


MODELS: dict[str, type[BaseModel]] = {"shop.goods": Goods}

FORM = """\
system: galaxy
form: GOODS
title: {zh: 货, en: Goods}
entry: FEntry
reference: FNote
material: FMaterial.FNumber
quantity: FQty
price: FPrice
amount: FAmount
head:
  "": [FBillNo, FDate, FNote, FShop]
  FSub: [FRate, FCurrency]
entries:
  FEntry: [FMaterial, FQty, FPrice, FMade, FLot, FSrcBillNo, FEntry_Link]
required: [FBillNo, FSub.FCurrency, FEntry.FMaterial]
"""

FLOW = """\
flow: goods
requirement: F99
title: {zh: 货, en: Goods}
document_type: goods
source: {stream: shop.goods, every: 60, overlap: 300}
fate:
  - {if: document.status, in: [Cancelled], then: reverse}
  - {if: document.is_received, in: [false], then: wait, hold: goods_not_received, gap: "receipt:{document.number}"}
  - {if: document.kind, in: [Refund], then: skip, skip: refund_only}
  - {then: post}
rate: {currency: document.currency, day: document.day}
checks: [amounts_agree]
owners: {stock_short: purchasing}
links:
  outbound:
    form: SOLD
    each: document.lines
    match:
      FOrderLine: {source: line.order_line}
      FMaterial.FNumber: {lookup: sku, key: line.sku, value: material}
    where: {FDocumentStatus: C}
    open: [FQty, FReturned]
    quantity: line.qty
    missing: outbound_not_posted
    gap: "order_line:{line.order_line}"
target:
  form: GOODS
  options: {Flag: true}
  closes_each: document.lines
  closes: "order_line:{line.order_line}"
fields:
  FBillNo: {source: bill.number}
  FDate: {source: document.day, convert: day}
  FNote: {source: document.number}
  F_ABCD_Text: {source: document.shop}
  FSub:
    fields:
      FRate: {source: rate.value}
      FCurrency.FNumber: {const: PRE001}
  FEntry:
    each: document.lines
    fields:
      FMaterial.FNumber: {lookup: sku, key: line.sku, value: material}
      FQty: {source: line.qty}
      FPrice: {source: line.price}
      FLot.FNumber:
        when: {lookup: sku, key: line.sku, value: batch}
        is: ["true"]
        then: {source: line.sku}
        else: {const: none}
      FSrcBillNo: {link: outbound, value: FBillNo}
      FEntry_Link:
        rows:
          - FEntry_Link_FSId: {link: outbound, value: FEntryID}
            FEntry_Link_FQty: {source: line.qty}
"""


@dataclass(frozen=True)
class Bench:
    """Writes flow and form files and loads them."""

    folder: Path

    def write(self, text: str, name: str = "goods.yaml") -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def load(self, text: str = FLOW) -> Scheme:
        self.write(FORM, "forms/GOODS.yaml")
        return load_flow(self.write(text), MODELS, load_forms(self.folder / "forms"))


def line_with(text: str, part: str) -> int:
    """Number of the only line with `part` in it."""
    (found,) = [number for number, line in enumerate(text.splitlines(), 1) if part in line]
    return found
