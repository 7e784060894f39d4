"""`kingpost flows`: complaints name file and line; a dry run shows every field and writes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import worker
from connectors.jushuitan.streams import MODELS
from flows.catalogue import HERE, Catalogue, load_catalogue
from tests.cli.command import kingpost, sentence
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, RETURN, Stage, Wish, working

WRITING = {"Save", "BatchSave", "Submit", "Audit", "UnAudit", "Delete"}


async def test_check_names_every_flow() -> None:
    result = await kingpost(None, "flows", "check")
    assert result.exit_code == 0
    for file in HERE.glob("*.yaml"):
        assert file.stem in result.stdout


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("document.l_id", "document.l_idd", "l_idd"),
        ("FCarriageNO:", "FCarriageNumber:", "FCarriageNumber"),
        ("convert: day", "convert: dai", "fields.FDate.convert: expected one of day"),
        ("form: SAL_OUTSTOCK", "form: SAL_NOTHING", "target.form: expected one of SAL_OUTSTOCK"),
    ],
    ids=["source", "target", "conversion", "form"],
)
async def test_check_names_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: str, wrong: str, complaint: str
) -> None:
    shutil.copy(HERE / "sales_return.yaml", tmp_path)
    text = (HERE / "sales_outbound.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "sales_outbound.yaml"
    broken.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    line = text[: text.index(right)].count("\n") + 1

    def catalogue() -> Catalogue:
        return load_catalogue(MODELS, tmp_path)

    monkeypatch.setattr(worker, "catalogue", catalogue)
    result = await kingpost(None, "flows", "check")
    assert result.exit_code == 1
    told = sentence(result)
    assert told.startswith(f"{broken}:{line}: ")
    assert complaint in told


def keys_of(fields: dict[str, Any]) -> Iterator[str]:
    """Every target key of a flow file's field table."""
    for name, rule in fields.items():
        if isinstance(rule, dict) and "fields" in rule:
            yield from keys_of(rule["fields"])
        elif isinstance(rule, dict) and "rows" in rule:
            for row in rule["rows"]:
                yield from keys_of(row)
        else:
            yield name


def assert_every_field_told(flow: str, output: str) -> None:
    tree = yaml.safe_load((HERE / f"{flow}.yaml").read_text(encoding="utf-8"))
    cells = set(output.split())
    assert [key for key in keys_of(tree["fields"]) if not any(cell.endswith(key) for cell in cells)] == []


def writes(stage: Stage) -> int:
    """How often the ERP was asked to change anything."""
    return sum(stage.galaxy.calls.by_operation[operation] for operation in WRITING)


@pytest.fixture
async def posted(set_up: SetUp) -> Stage:
    """An order and its return are posted; nobody works any more."""
    stage = await set_up(Wish(works=False))
    await stage.show(
        Row("540001"), Row("540001", code="POST", quantity=1), Row("C540002", quantity=-2, at="2010-12-01 12:00:00")
    )
    async with working(stage):
        await stage.intake()
        await stage.posted("540001", "C540002")
    return stage


async def test_dry_run_of_a_file(posted: Stage, tmp_path: Path) -> None:
    """A document that nobody has ever seen before, from a file."""
    record = await posted.record("540001")
    file = tmp_path / "7000000001.json"
    file.write_text(record.body.replace(record.key.number, "7000000001"), encoding="utf-8")
    before = writes(posted), len(await posted.store.list_documents(limit=100))
    result = await kingpost(posted.config, "flows", "dry-run", OUTBOUND, "--document", str(file))
    assert result.exit_code == 0, result.output
    assert_every_field_told(OUTBOUND, result.stdout)
    for value in ("7000000001", "C101", "PRE006", "85123A", "2.55", "CK1001", "Service", "540001-2"):
        assert value in result.stdout
    assert (writes(posted), len(await posted.store.list_documents(limit=100))) == before


@pytest.mark.parametrize(("flow", "number"), [(OUTBOUND, "540001"), (RETURN, "C540002")])
async def test_dry_run_of_a_number(posted: Stage, flow: str, number: str) -> None:
    before = writes(posted)
    result = await kingpost(posted.config, "flows", "dry-run", flow, "--document", number)
    assert result.exit_code == 0, result.output
    assert_every_field_told(flow, result.stdout)
    assert posted.bill_number(number) in result.stdout
    assert writes(posted) == before


async def test_dry_run_tells_what_is_missing(posted: Stage, tmp_path: Path) -> None:
    record = await posted.record("540001")
    file = tmp_path / "7000000001.json"
    file.write_text(record.body.replace("85123A", "NEW-GOODS"), encoding="utf-8")
    result = await kingpost(posted.config, "flows", "dry-run", OUTBOUND, "--document", str(file))
    assert result.exit_code == 1
    assert "mapping sku NEW-GOODS" in result.stdout


async def test_dry_run_refuses(posted: Stage, tmp_path: Path) -> None:
    """What cannot be tried is said in one sentence."""
    no_json, no_order = tmp_path / "no.json", tmp_path / "order.json"
    no_json.write_text("{", encoding="utf-8")
    no_order.write_text('{"io_id": 7000000001}', encoding="utf-8")
    cases = {
        (OUTBOUND, "999999"): "no document has the number 999999",
        ("sales_nothing", "540001"): "no flow 'sales_nothing'; there are sales_outbound, sales_return",
        (OUTBOUND, str(no_json)): "expected JSON",
        (OUTBOUND, str(no_order)): f"{no_order}: ",
    }
    for (flow, document), complaint in cases.items():
        result = await kingpost(posted.config, "flows", "dry-run", flow, "--document", document)
        assert result.exit_code == 1
        assert complaint in sentence(result)
