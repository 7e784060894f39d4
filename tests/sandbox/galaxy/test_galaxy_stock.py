"""The inventory ledger and the lot master (section 13, rows 16 and 19)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.galaxy.desk import Desk, line, other_inbound, outbound, returned

FORM = "SAL_OUTSTOCK"


def stock(desk: Desk, material: str = "SKU1", warehouse: str = "CK01", lot: str | None = None) -> Decimal:
    return desk.state.stock_quantity(warehouse, material, lot)


async def test_audit_takes_out_and_unaudit_puts_back(desk: Desk) -> None:
    await desk.save(FORM, outbound("XS1", line(quantity=3), line(quantity=4)))
    await desk.on("Submit", FORM, "XS1")
    assert stock(desk) == 100
    await desk.on("Audit", FORM, "XS1")
    assert stock(desk) == 93
    await desk.on("UnAudit", FORM, "XS1")
    assert stock(desk) == 100


async def test_a_return_brings_goods_in(desk: Desk) -> None:
    await desk.audited("SAL_RETURNSTOCK", returned("R1", line(quantity=7)))
    assert stock(desk) == 107


async def test_stock_never_goes_below_nothing(desk: Desk) -> None:
    await desk.save(FORM, outbound("XS1", line(quantity=60), line(quantity=41)))
    await desk.on("Submit", FORM, "XS1")
    refused = await desk.on("Audit", FORM, "XS1")
    assert refused.errors == [(0, "AbstractInteractionResult", "更新库存时出现可以忽略的异常数据，是否继续？")]
    assert refused.code == 11
    assert stock(desk) == 100
    assert await desk.status_of(FORM, "XS1") == "B"
    assert (await desk.on("Audit", FORM, "XS1", InterationFlags="STK_InvCheckResult")).ok
    assert stock(desk) == -1


async def test_save_with_the_flag_may_go_below_nothing(desk: Desk) -> None:
    model = outbound("XS1", line(quantity=101))
    assert not (await desk.save(FORM, model, IsAutoSubmitAndAudit=True)).ok
    assert (await desk.save(FORM, model, IsAutoSubmitAndAudit=True, InterationFlags="A;STK_InvCheckResult")).ok


async def test_a_warehouse_may_allow_it(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1", line(quantity=5, FStockID={"FNumber": "CK99"})))
    assert stock(desk, warehouse="CK99") == -5


async def test_an_inbound_whose_goods_are_gone_is_not_unaudited(desk: Desk) -> None:
    await desk.audited("STK_MISCELLANEOUS", other_inbound("QT1", "SKU1", 10))
    await desk.audited(FORM, outbound("XS1", line(quantity=105)))
    assert (await desk.on("UnAudit", "STK_MISCELLANEOUS", "QT1")).fields == ["AbstractInteractionResult"]
    assert stock(desk) == 5


async def test_other_dimensions_are_other_stock(desk: Desk) -> None:
    frozen = line(quantity=1, FStockStatusID={"FNumber": "KCZT03_SYS"})
    reply = await desk.save(FORM, outbound("XS1", frozen), IsAutoSubmitAndAudit=True)
    assert reply.fields == ["AbstractInteractionResult"]


async def test_services_never_touch_the_ledger(desk: Desk) -> None:
    row = line("SVC1", 1000, FStockID=None)
    await desk.audited(FORM, outbound("XS1", row))
    assert await desk.ask("STK_Inventory", "FID", "FMaterialId.FNumber='SVC1'") == []
    await desk.on("UnAudit", FORM, "XS1")
    assert await desk.ask("STK_Inventory", "FID", "FMaterialId.FNumber='SVC1'") == []


@pytest.mark.parametrize(("direct", "expected"), [("GENERAL", 110), ("RETURN", 90)])
async def test_other_inbound_both_ways(desk: Desk, direct: str, expected: int) -> None:
    await desk.audited("STK_MISCELLANEOUS", other_inbound("QT1", "SKU1", 10) | {"FStockDirect": direct})
    assert stock(desk) == expected


def misc_delivery(direct: str) -> dict[str, Any]:
    tree = other_inbound("QC1", "SKU1", 10) | {"FStockDirect": direct}
    tree["FEntity"] = [{key: value for key, value in tree["FEntity"][0].items() if key != "FLOT"}]
    return tree


@pytest.mark.parametrize(("direct", "expected"), [("GENERAL", 90), ("RETURN", 110)])
async def test_other_outbound_both_ways(desk: Desk, direct: str, expected: int) -> None:
    await desk.audited("STK_MisDelivery", misc_delivery(direct))
    assert stock(desk) == expected


def transfer(direct: str = "GENERAL", material: str = "SKU1", **fields: object) -> dict[str, Any]:
    org = {"FNumber": "100"}
    row = {
        "FMaterialId": {"FNumber": material},
        "FUnitID": {"FNumber": "Pcs"},
        "FQty": 10,
        "FSrcStockId": {"FNumber": "CK01"},
        "FDestStockId": {"FNumber": "CK02"},
        **dict.fromkeys(("FOwnerOutId", "FOwnerId", "FKeeperOutId", "FKeeperId"), org),
        **fields,
    }
    return {
        "FBillNo": "DB1",
        "FDate": "2026-05-01",
        "FTransferDirect": direct,
        "FTransferBizType": "InnerOrgTransfer",
        "FStockOutOrgId": org,
        "FStockOrgId": org,
        "FBillEntry": [row],
    }


async def test_a_direct_transfer_moves_goods_between_warehouses(desk: Desk) -> None:
    await desk.audited("STK_TransferDirect", transfer())
    assert [stock(desk), stock(desk, warehouse="CK02")] == [90, 10]
    await desk.on("UnAudit", "STK_TransferDirect", "DB1")
    assert [stock(desk), stock(desk, warehouse="CK02")] == [100, 0]


async def test_a_returned_transfer_needs_goods_at_the_far_side(desk: Desk) -> None:
    reply = await desk.save("STK_TransferDirect", transfer("RETURN"), IsAutoSubmitAndAudit=True)
    assert reply.fields == ["AbstractInteractionResult"]


async def test_a_transfer_keeps_the_lot(desk: Desk) -> None:
    await desk.audited("STK_TransferDirect", transfer(material="LOT1", FLot={"FNumber": "L1"}))
    assert [stock(desk, "LOT1", lot="L1"), stock(desk, "LOT1", "CK02", "L1")] == [0, 10]


async def test_purchase_inbound_brings_goods_in(desk: Desk) -> None:
    org = {"FNumber": "100"}
    model = {
        "FBillNo": "RK1",
        "FDate": "2026-05-01",
        "FStockOrgId": org,
        "FPurchaseOrgId": org,
        "FSupplierId": {"FNumber": "VEN01"},
        "FOwnerIdHead": org,
        "FInStockFin": {"FSettleOrgId": org, "FSettleCurrId": {"FNumber": "PRE001"}},
        "FInStockEntry": [
            {
                "FMaterialId": {"FNumber": "SKU1"},
                "FUnitID": {"FNumber": "Pcs"},
                "FRealQty": 4,
                "FTaxPrice": "11.30",
                "FEntryTaxRate": 13,
                "FStockId": {"FNumber": "CK01"},
                "FOWNERID": org,
            }
        ],
    }
    await desk.audited("STK_InStock", model)
    assert stock(desk) == 104
    assert await desk.ask("STK_InStock", "FAllAmount,FBillAmount") == [[Decimal("45.20"), Decimal("40.00")]]


async def test_the_inventory_can_be_queried(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1", line(quantity=30)))
    keys = "FID,FMaterialId.FNumber,FStockId.FNumber,FStockStatusId.FNumber,FLot.FNumber,FBaseQty,FAVBQty"
    rows = await desk.ask("STK_Inventory", keys, "FMaterialId.FNumber in ('SKU1','LOT1') and FStockId.FNumber='CK01'")
    assert [row[1:] for row in rows] == [
        ["SKU1", "CK01", "KCZT01_SYS", None, 70, 70],
        ["LOT1", "CK01", "KCZT01_SYS", "L1", 10, 10],
    ]
    assert all(isinstance(row[0], str) for row in rows)
    assert await desk.ask("STK_Inventory", "FBaseQty", f"FID='{rows[0][0]}'") == [[70]]
    assert await desk.ask("STK_Inventory", "FBaseQty", "FQty>60 and FQty<80") == [[70]]


# --- lots ------------------------------------------------------------------------------------------------------------


async def test_a_batch_managed_material_needs_its_lot(desk: Desk) -> None:
    reply = await desk.save(FORM, outbound("XS1", line("LOT1", 1)))
    assert reply.errors == [(0, "FLot", "字段“批号”是必填项")]


async def test_an_unknown_lot_cannot_go_out(desk: Desk) -> None:
    reply = await desk.save(FORM, outbound("XS1", line("LOT1", 1, FLot={"FNumber": "NEW"})))
    assert (reply.code, reply.fields) == (11, ["FLot"])
    assert await desk.ask("BD_BatchMainFile", "FNumber") == [["L1"]]


async def test_a_known_lot_goes_out_of_its_own_stock(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1", line("LOT1", 4, FLot={"FNumber": "L1"})))
    assert stock(desk, "LOT1", lot="L1") == 6


async def test_inbound_rows_create_their_lot(desk: Desk) -> None:
    row = line("LOT1", 2, FLot={"FNumber": "L9"}, FProduceDate="2026-01-01", FExpiryDate="2027-01-01")
    await desk.audited("SAL_RETURNSTOCK", returned("R1", row))
    await desk.audited("STK_MISCELLANEOUS", other_inbound("QT1", "LOT1", 3, "L8"))
    keys = "FNumber,FMaterialId.FNumber,FProduceDate"
    rows = await desk.ask("BD_BatchMainFile", keys, "FMaterialId.FNumber='LOT1'", OrderString="FNumber DESC")
    assert rows == [["L9", "LOT1", "2026-01-01T00:00:00"], ["L8", "LOT1", None], ["L1", "LOT1", None]]
    assert [stock(desk, "LOT1", lot="L9"), stock(desk, "LOT1", lot="L8")] == [2, 3]


async def test_a_refused_inbound_leaves_no_lot_behind(desk: Desk) -> None:
    rows = [line("LOT1", 2, FLot={"FNumber": "L9"}), line("SKU1", 0)]
    assert not (await desk.save("SAL_RETURNSTOCK", returned("R1", *rows))).ok
    assert await desk.ask("BD_BatchMainFile", "FNumber", "FNumber='L9'") == []


@pytest.mark.parametrize("extra", [{"FLot": {"FNumber": "L1"}}, {"FProduceDate": "2026-01-01"}])
async def test_lot_fields_of_other_materials_are_refused(desk: Desk, extra: dict[str, object]) -> None:
    reply = await desk.save("SAL_RETURNSTOCK", returned("R1", line("SKU1", 1, **extra)))
    assert (reply.code, reply.fields) == (11, list(extra))


async def test_shelf_life_keeps_production_dates_apart(desk: Desk) -> None:
    desk.state.add_material("MILK", batch_managed=True, shelf_life=True)
    row = line("MILK", 5, FLot={"FNumber": "M1"}, FProduceDate="2026-01-01", FExpiryDate="2026-03-01")
    await desk.audited("SAL_RETURNSTOCK", returned("R1", row))
    await desk.audited(FORM, outbound("XS1", line("MILK", 2, FLot={"FNumber": "M1"})))
    rows = await desk.ask("STK_Inventory", "FBaseQty,FProduceDate", "FMaterialId.FNumber='MILK'")
    assert rows == [[3, "2026-01-01T00:00:00"]]
