"""The default bindings, and a tenant's own laid over them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.flagship import bindings
from connectors.flagship.bindings import Operation
from connectors.flagship.client import FlagshipErp
from sandbox.flagship.apis import Operation as Served
from sandbox.flagship.apis import presets
from sandbox.flagship.state import FlagshipState
from tests.connectors.flagship.kit import SALOUT, SAVE, access, outbound


def test_the_defaults_are_the_presets() -> None:
    """Every default query and save leads to an API of the tenant, with parameters it has."""
    served = {(api.path, api.operation.value): api for api in presets() if api.method == "POST"}
    defaults = bindings.load()
    for entity, bound in defaults.entities.items():
        query = served[defaults.path(entity, Operation.QUERY), Served.QUERY.value]
        assert set(bound.filters.values()) <= query.filters.keys(), entity
        saves = {path for path, operation in served if operation == "save" and f"/{entity}/" in path}
        assert not saves or defaults.path(entity, Operation.SAVE) in saves
        for step in (Operation.SUBMIT, Operation.AUDIT, Operation.UNAUDIT, Operation.WITHDRAW, Operation.DELETE):
            assert not saves or (defaults.path(entity, step), step.value) in served


async def test_a_tenant_lays_its_own_over_them(tmp_path: Path, tenant: FlagshipState, flagship: str) -> None:
    own = tmp_path / "bindings.yaml"
    own.write_text(
        "entities:\n  im_saloutbill:\n    operations: {save: '/v2/kdtest/im/im_saloutbill/push'}\n", encoding="utf-8"
    )
    tenant.set_up(SAVE, path="/v2/kdtest/im/im_saloutbill/push")
    tenant.apis.remove(SAVE)
    async with FlagshipErp(access(flagship, bindings=own)) as erp:
        assert await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False) == {"S-1": None}
        assert "S-1" in await erp.find(SALOUT, ["S-1"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("entities: [", "expected"),
        ("- 1", "a mapping"),
        ("entities: {im_saloutbill: {pages: 1}}", "pages"),
        ("meanings: [{words: [x], code: nonsense}]", "code"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str, told: str) -> None:
    own = tmp_path / "bindings.yaml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=told) as raised:
        bindings.load(own)
    assert str(own) in str(raised.value)
    with pytest.raises(ValidationError, match=told):
        access("http://localhost", bindings=own)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"absent\.yaml"):
        access("http://localhost", bindings=tmp_path / "absent.yaml")
