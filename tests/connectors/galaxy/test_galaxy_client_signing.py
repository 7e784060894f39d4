"""Signatures against the vectors of the wire contract (section 2.3 and 3), and against the vendor's own SDK."""

from __future__ import annotations

from typing import Any

import pytest
from k3cloud_webapi_sdk.core.webapi_client import WebApiClient
from k3cloud_webapi_sdk.model.identity import Identify

from connectors.galaxy.access import Auth, GalaxyAccess
from connectors.galaxy.signing import client_credentials, login_sign, signed_headers
from tests.connectors.galaxy.kit import access

SAVE = "https://kd.example.test/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.Save.common.kdsvc"
MOMENT = 1760000000
API_SIGNATURE = "YjI4ZDQyZmUyOTM1ZTdmZDNiYTNjMzQ2YWRkYTgwNWZkZmFkMDVkNjJhZDI5YmJiNTlmMTA3ZWZlYmNlYmZmMg=="


def demo(**settings: Any) -> GalaxyAccess:
    return access("https://kd.example.test", **settings)


def test_client_secret_is_unveiled_from_the_application_id() -> None:
    credentials = client_credentials("900001_EBESExQVFhcYGRobHB0eHyAhIiMkJSYn")
    assert credentials == ("900001", "ICEnJ3ImLyB7LygoKC4pJ0IRG0BFEkIU")


@pytest.mark.parametrize(
    ("app_id", "credentials"),
    [
        ("", ("", "")),
        ("900001", ("", "")),
        ("900001_a_b", ("", "")),
        ("900001_tooshort", ("900001", "")),
        ("900001_" + "*" * 32, ("900001", "")),
    ],
)
def test_an_application_id_that_is_none(app_id: str, credentials: tuple[str, str]) -> None:
    assert client_credentials(app_id) == credentials


def test_signed_headers() -> None:
    assert demo().service("Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.Save") == SAVE
    assert signed_headers(demo(), SAVE, MOMENT) == {
        "X-Api-ClientID": "900001",
        "X-Api-Auth-Version": "2.0",
        "x-api-timestamp": "1760000000",
        "x-api-nonce": "1760000000",
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": API_SIGNATURE,
        "X-Kd-Appkey": "900001_EBESExQVFhcYGRobHB0eHyAhIiMkJSYn",
        "X-Kd-Appdata": "NjVmMGExYjJjM2Q0ZTUsZGVtb191c2VyLDIwNTIsMA==",
        "X-Kd-Signature": ("MWRkZDE3YjJhMWQzYmUzOTFhMGIwMjY0MzgxZmZkY2M3OTI0MDYzZmZhY2JiOGM4N2RlYjg0MGIyYTgyNjgyOQ=="),
    }


def test_signed_headers_of_a_chinese_user_in_another_organisation() -> None:
    headers = signed_headers(demo(user_name="张三", org_num=100), SAVE, MOMENT)
    assert headers["X-Kd-Appdata"] == "NjVmMGExYjJjM2Q0ZTUs5byg5LiJLDIwNTIsMTAw"
    assert headers["X-Kd-Signature"] == (
        "ZGE3MzIxNmI4ZmU4OGY0NDZmZmJkNDMyMzA3ZDM4NzA1YWViMWU0OTczZmJiN2RhYmIwM2FiNjk0NjdkZGUxNA=="
    )
    assert headers["X-Api-Signature"] == API_SIGNATURE


@pytest.mark.parametrize("user", ["demo_user", "张三"])
@pytest.mark.parametrize("base", ["https://kd.example.test", "http://10.0.0.1:8088", "https://kd.example.test/a b/中"])
def test_the_vendors_own_sdk_signs_alike(monkeypatch: pytest.MonkeyPatch, base: str, user: str) -> None:
    settings = access(base, user_name=user, org_num=100, lcid=1033)
    url = settings.service("Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.BatchSave")
    sdk = WebApiClient()
    secret = settings.app_secret.get_secret_value()
    sdk.identify = Identify(settings.url, settings.acct_id, user, settings.app_id, secret, 100, 1033, "")
    monkeypatch.setattr("time.time", lambda: MOMENT + 0.7)
    theirs = sdk.BuildHeader(url)
    ours = signed_headers(settings, url, MOMENT)
    assert {name: theirs[name] for name in ours} == ours
    assert theirs.keys() - ours.keys() == {"Accept-Charset", "User-Agent", "Content-Type"}


def test_log_in_signature() -> None:
    expected = "f3f07d5928f29877fb6b810d592789adbfb2f6c9c25412c55413deff380000d3"
    assert login_sign(demo(auth=Auth.SIGN), MOMENT) == expected


def test_secrets_do_not_show() -> None:
    shown = repr(demo())
    assert "0123456789abcdef" not in shown
    assert "demo-password" not in shown


@pytest.mark.parametrize("auth", [Auth.SIGNED, Auth.APP_SECRET, Auth.SIGN])
def test_an_application_is_needed(auth: Auth) -> None:
    with pytest.raises(ValueError, match="app_id and app_secret"):
        demo(auth=auth, app_id="")


def test_a_password_is_needed() -> None:
    with pytest.raises(ValueError, match="needs a password"):
        demo(auth=Auth.PASSWORD, password=None)
