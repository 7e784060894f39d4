"""The auditor reads Flagship's bills in the same terms as Galaxy's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.flagship.apis import Operation
from sandbox.flagship.records import Record
from sandbox.world.feed import Opening
from sandbox.world.flagship_books import SALES_ENTITY
from sandbox.world.ledger import ErpSystem
from sandbox.world.world import World
from tests.sandbox.flagship.office import outbound, returned


@pytest.fixture
def world() -> World:
    world = World(erp=ErpSystem.FLAGSHIP)
    world.feed_sample(documents=1)
    for number, add in (("SKU1", world.flagship.add_material), ("SHOP01", world.flagship.add_customer)):
        add(number)
    world.flagship.add_stock("CK01")
    world.flagship.add_stock_quantity("CK01", "SKU1", 10)
    return world


def post(world: World, packet: dict[str, Any]) -> Record:
    api = world.flagship.apis.at(f"/v2/im/{SALES_ENTITY}/batchAdd")["POST"]
    bill, _ = world.flagship.saving.save(api, packet)
    for step in (Operation.SUBMIT, Operation.AUDIT):
        world.flagship.lifecycle.carry_out(step, bill)
    return bill


def test_outbounds_and_red_bills_are_sales_and_returns(world: World) -> None:
    sold = outbound("5000000001", qty=3, settlecurrency_number="USD", exchangerate="7.1", comment="SO-1")
    sold["billentry"][0]["srcsysbillentryid"] = "line-1"
    bill = post(world, sold)
    shown = {"id": bill.id, "billno": bill.number, "billentry": [{"id": bill.lines[0].id}]}
    post(world, returned("5000000002R", shown, -1, settlecurrency_number="USD", exchangerate="7.2"))
    books = world.books()
    [sale], [back] = books.sales, books.returns
    assert (sale.number, sale.status, sale.day, sale.currency) == ("5000000001", "C", date(2026, 11, 22), "USD")
    assert (sale.amount, sale.functional_amount, sale.reference) == (Decimal(339), Decimal("2406.90"), "SO-1")
    [line] = sale.lines
    assert (line.material, line.quantity, line.stock, line.order_line) == ("SKU1", Decimal(3), "CK01", "line-1")
    assert (back.quantity, back.amount, back.functional_amount) == (Decimal(1), Decimal(113), Decimal("813.60"))
    assert back.lines[0].taken_from == {sale.id}
    assert world.ledger.inventory()["CK01", "SKU1"] == 8


def test_a_bill_nobody_ordered_is_found_and_a_missing_one_too(world: World) -> None:
    [number] = world.release()
    assert world.audit().missing == [number]
    post(world, outbound("X"))
    assert world.audit().duplicated == ["X"]


def test_both_systems_have_the_same_goods_and_only_one_is_audited() -> None:
    galaxy, flagship = World(), World(erp=ErpSystem.FLAGSHIP)
    for world in (galaxy, flagship):
        world.feed_sample(seed=3)
        world.move_stock(Opening(2001, "LF-1001", Decimal(5)))
        assert world.stock_off() == []
    there, here = galaxy.ledger.inventory(), flagship.ledger.inventory()
    assert {place: quantity for place, quantity in here.items() if quantity} == {
        place: quantity for place, quantity in there.items() if quantity
    }
    flagship.flagship.add_stock_quantity("CK2001", "LF-1001", 1)
    assert flagship.stock_off() == ["CK2001/LF-1001"]
    assert galaxy.mappings() == flagship.mappings()
