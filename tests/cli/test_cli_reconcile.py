"""`kingpost reconcile`: figures side by side, differences by name, exit status 1 as long as something is wrong."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from domain import jsontext
from domain.documents import HoldReason
from sandbox.faults import FaultName
from tests.cli.command import kingpost, sentence
from tests.end_to_end.comparing import DAY, hand
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, RETURN, Stage, Wish

pytestmark = pytest.mark.timeout(240)

FORM = "SAL_OUTSTOCK"
NEW_GOODS = "99999X"


async def reconcile(stage: Stage, *arguments: str, day: date = DAY) -> Result:
    return await kingpost(stage.config, "reconcile", "--day", day.isoformat(), *arguments)


async def written(stage: Stage, tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit status and the JSON file, in which numbers are exact."""
    file = tmp_path / "found.json"
    result = await reconcile(stage, "--json", str(file), *arguments)
    return result.exit_code, jsontext.loads(file.read_text(encoding="utf-8"))


@pytest.fixture
async def day(stage: Stage) -> Stage:
    """Two orders are posted, one waits for a mapping."""
    await stage.show(
        *(Row("540001"), Row("540002", customer="1"), Row("540003", code=NEW_GOODS, customer="2")), unmapped={NEW_GOODS}
    )
    await stage.intake(OUTBOUND)
    await stage.posted("540001", "540002")
    await stage.held("540003", HoldReason.MAPPING_MISSING)
    return stage


async def test_in_order(day: Stage) -> None:
    """What waits is shown, and nothing is wrong with it."""
    result = await reconcile(day)
    assert result.exit_code == 0, result.output
    for text in (
        f"对账 {DAY} · 销售出库 · main  账实相符",
        "来源 3 张，金蝶 2 张",
        "3 · 18 · 45.90",
        "2 · 12 · 30.60",
        "等待处理",
    ):
        assert text in result.stdout
    assert f"对账 {DAY} · 销售退货 · main  账实相符" in result.stdout
    assert NEW_GOODS in result.stdout


async def test_differences_and_their_repair(day: Stage, tmp_path: Path) -> None:
    hand(day).edit(FORM, day.bill_number("540001"), FRealQty=5)
    hand(day).copy(FORM, day.bill_number("540002"), "XS9")

    result = await reconcile(day, "--flow", OUTBOUND)
    assert result.exit_code == 1
    for text in ("3 处不符", "数量不符", "金额不符", "重复单据", "XS9", day.bill_number("540001")):
        assert text in result.stdout
    assert "销售退货" not in result.stdout

    repair = ("--flow", OUTBOUND, "--repair", "--by", "clerk", "--reason", "asked the warehouse")
    status, report = await written(day, tmp_path, *repair)
    assert (status, report["day"], report["left"]) == (1, DAY.isoformat(), 1)
    [found] = report["reconciliations"]
    kinds = sorted((d["kind"], d["mended"]) for d in found["differences"])
    assert kinds == [("amount_differs", True), ("duplicated", False), ("held", False), ("quantity_differs", True)]
    totals = {total["sku"]: total for total in found["totals"]}
    assert [totals["85123A"][side]["quantity"] for side in ("source", "journal", "erp")] == ["12", "12", "18"]
    assert Decimal(totals[NEW_GOODS]["source"]["amount"]) == Decimal("15.30")
    assert totals[NEW_GOODS]["erp"]["documents"] == 0
    await day.posted("540001")

    hand(day).delete(FORM, "XS9")
    status, report = await written(day, tmp_path)
    assert (status, report["left"], len(report["reconciliations"])) == (0, 0, 2)


async def test_repair_prints_what_it_has_mended(day: Stage) -> None:
    hand(day).delete(FORM, day.bill_number("540002"))
    result = await reconcile(day, "--flow", OUTBOUND, "--repair")
    assert result.exit_code == 0, result.output
    assert "已修复" in result.stdout
    assert "账实相符" in result.stdout
    await day.posted("540002")
    day.assert_books_right(excused=["540003"])


async def test_a_day_without_anything(stage: Stage) -> None:
    result = await reconcile(stage, day=DAY - timedelta(days=400))
    assert result.exit_code == 0, result.output
    assert "来源 0 张，金蝶 0 张" in result.stdout


async def test_refusals(stage: Stage) -> None:
    tomorrow = date.today() + timedelta(days=2)  # noqa: DTZ011
    result = await reconcile(stage, day=tomorrow)
    assert (result.exit_code, "expected a day that has come" in sentence(result)) == (2, True)
    for arguments, complaint in (
        (("--flow", "sales_nothing"), "no flow 'sales_nothing'"),
        (("--connection", "nobody"), "there are main"),
    ):
        result = await reconcile(stage, *arguments)
        assert (result.exit_code, complaint in sentence(result)) == (1, True)
    assert (await reconcile(stage, "--flow", RETURN, "--connection", "main")).exit_code == 0


async def test_a_vendor_that_is_down(set_up: SetUp) -> None:
    """One sentence, once its tries are used up."""
    stage = await set_up(Wish(patience={"transient_tries": 2}))
    stage.lose("ExecuteBillQuery", FaultName.SERVER_ERROR, times=None)
    result = await reconcile(stage, "--flow", OUTBOUND)
    assert result.exit_code == 1
    told = sentence(result)
    assert told.startswith(f"reconcile:{OUTBOUND}:main:{DAY}：galaxy ")
    assert "多次尝试仍未成功" in told
