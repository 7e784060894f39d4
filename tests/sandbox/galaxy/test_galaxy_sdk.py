"""The vendor's own Python SDK, unchanged, against the simulator: signed mode over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from k3cloud_webapi_sdk.main import K3CloudApiSdk

from sandbox.galaxy.state import GalaxyState
from tests.sandbox.galaxy.desk import outbound, returned

FORM = "SAL_OUTSTOCK"


def plain(model: dict[str, Any]) -> dict[str, Any]:
    """The SDK writes JSON with the standard library, which knows no Decimal."""
    return json.loads(json.dumps(model, default=float))  # type: ignore[no-any-return]


@pytest.fixture
def sdk(galaxy: str, state: GalaxyState) -> K3CloudApiSdk:
    config = state.config
    client = K3CloudApiSdk(f"{galaxy}/k3cloud/")
    client.InitConfig(config.acct_id, config.user_name, config.app_id, config.app_secret, f"{galaxy}/k3cloud/")
    return client


def status(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)["Result"]["ResponseStatus"]
    return found


def test_life_of_a_bill(sdk: K3CloudApiSdk, state: GalaxyState) -> None:
    saved = json.loads(sdk.Save(FORM, {"Model": plain(outbound("SDK1"))}))
    assert saved["Result"]["Number"] == "SDK1"
    assert status(sdk.Submit(FORM, {"Numbers": ["SDK1"]}))["IsSuccess"]
    assert status(sdk.Audit(FORM, {"Ids": str(saved["Result"]["Id"])}))["IsSuccess"]
    assert state.stock_quantity("CK01", "SKU1") == 98

    query = {"FormId": FORM, "FieldKeys": "FBillNo,FDocumentStatus,FAllAmount", "FilterString": "FBillNo='SDK1'"}
    assert json.loads(sdk.ExecuteBillQuery(query)) == [["SDK1", "C", 113.0]]
    assert json.loads(sdk.BillQuery(query)) == [{"FBillNo": "SDK1", "FDocumentStatus": "C", "FAllAmount": 113.0}]
    viewed = json.loads(sdk.View(FORM, {"Number": "SDK1"}))
    assert viewed["Result"]["Result"]["BillNo"] == "SDK1"

    assert status(sdk.UnAudit(FORM, {"Numbers": ["SDK1"]}))["IsSuccess"]
    assert status(sdk.Submit(FORM, {"Numbers": ["SDK1"]}))["IsSuccess"]
    assert status(sdk.CancelAssign(FORM, {"Numbers": ["SDK1"]}))["IsSuccess"]
    assert status(sdk.ExcuteOperation(FORM, "Cancel", {"Numbers": ["SDK1"]}))["IsSuccess"]
    assert status(sdk.Delete(FORM, {"Numbers": ["SDK1"]}))["IsSuccess"]
    assert json.loads(sdk.ExecuteBillQuery(query)) == []
    assert state.stock_quantity("CK01", "SKU1") == 100


def test_batch_save_and_push(sdk: K3CloudApiSdk, state: GalaxyState) -> None:
    models = [plain(outbound(f"SDK{i}")) for i in range(3)]
    done = status(sdk.BatchSave(FORM, {"Model": models, "IsAutoSubmitAndAudit": True}))
    assert [each["Number"] for each in done["SuccessEntitys"]] == ["SDK0", "SDK1", "SDK2"]
    pushed = status(sdk.Push(FORM, {"Numbers": ["SDK1"], "RuleId": "OutStock-SalReturnStock"}))
    assert pushed["IsSuccess"]
    assert [bill["status"] for bill in state.bills("SAL_RETURNSTOCK")] == ["A"]


def test_asynchronous_batch_save(sdk: K3CloudApiSdk) -> None:
    reply = json.loads(sdk.BatchSaveQuery("SAL_RETURNSTOCK", {"Model": [plain(returned("R1"))]}))
    assert reply["Result"]["ResponseStatus"]["SuccessEntitys"][0]["Number"] == "R1"


def test_data_centres_and_metadata(sdk: K3CloudApiSdk, state: GalaxyState) -> None:
    assert json.loads(sdk.GetDataCenters())[0]["Id"] == state.config.acct_id
    described = json.loads(sdk.QueryBusinessInfo({"FormId": FORM}))["Result"]["NeedReturnData"]
    keys = {field["Key"] for entry in described["Entrys"] for field in entry["Fields"]}
    assert {"FBillNo", "FRealQty", "FThirdBillNo", "FEntity_Link_FSId"} <= keys


def test_the_session_is_kept_and_silently_renewed(sdk: K3CloudApiSdk, state: GalaxyState) -> None:
    sdk.View(FORM, {"Number": "none"})
    first = sdk.cookiesStore.SID
    assert first
    sdk.View(FORM, {"Number": "none"})
    assert first == sdk.cookiesStore.SID
    assert state.sessions.expire_all() == 1
    assert status(sdk.View(FORM, {"Number": "none"}))["MsgCode"] == 10
    assert first != sdk.cookiesStore.SID


def test_a_wrong_secret_reads_as_a_lost_session(galaxy: str, state: GalaxyState) -> None:
    config = state.config
    client = K3CloudApiSdk(f"{galaxy}/k3cloud")
    client.InitConfig(config.acct_id, config.user_name, config.app_id, "f" * 32, f"{galaxy}/k3cloud")
    assert status(client.Save(FORM, {"Model": {}}))["MsgCode"] == 1


def test_a_wrong_data_centre_is_an_http_error(galaxy: str, state: GalaxyState) -> None:
    config = state.config
    client = K3CloudApiSdk(f"{galaxy}/k3cloud")
    client.InitConfig("unknown", config.user_name, config.app_id, config.app_secret, f"{galaxy}/k3cloud")
    with pytest.raises(RuntimeError, match="数据中心"):
        client.View(FORM, {"Number": "X"})


def test_an_unhandled_exception_raises_in_the_sdk(sdk: K3CloudApiSdk) -> None:
    with pytest.raises(RuntimeError):
        sdk.Save(FORM, "not json")
