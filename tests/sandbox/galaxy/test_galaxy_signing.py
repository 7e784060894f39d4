"""The signature vectors of the vendor document, bit by bit."""

from __future__ import annotations

import base64

import pytest

from sandbox.galaxy.sessions import GalaxyConfig, Sessions, WrongDataCentre
from sandbox.galaxy.signing import api_signature, client_secret, data_signature, login_signature, split_app_id

ACCT, APP_ID, SECRET = "65f0a1b2c3d4e5", "900001_EBESExQVFhcYGRobHB0eHyAhIiMkJSYn", "0123456789abcdef0123456789abcdef"
PATH = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.Save.common.kdsvc"
API_SIGNATURE = "YjI4ZDQyZmUyOTM1ZTdmZDNiYTNjMzQ2YWRkYTgwNWZkZmFkMDVkNjJhZDI5YmJiNTlmMTA3ZWZlYmNlYmZmMg=="


def test_app_id_hides_the_client_secret() -> None:
    assert split_app_id(APP_ID) == ("900001", "ICEnJ3ImLyB7LygoKC4pJ0IRG0BFEkIU")


@pytest.mark.parametrize("app_id", ["900001", "900001_a_b", ""])
def test_app_id_of_other_than_two_parts_hides_nothing(app_id: str) -> None:
    assert split_app_id(app_id) == ("", "")


@pytest.mark.parametrize("encoded", ["short", "!" * 32, "EBESExQVFhcYGRobHB0eHyAhIiMkJS=="])
def test_a_bad_second_part_gives_no_secret(encoded: str) -> None:
    assert client_secret(encoded) == ""


def test_api_signature_vector() -> None:
    _, secret = split_app_id(APP_ID)
    assert api_signature(secret, PATH, "1760000000", "1760000000") == API_SIGNATURE


@pytest.mark.parametrize(
    ("app_data", "encoded", "signature"),
    [
        (
            f"{ACCT},demo_user,2052,0",
            "NjVmMGExYjJjM2Q0ZTUsZGVtb191c2VyLDIwNTIsMA==",
            "MWRkZDE3YjJhMWQzYmUzOTFhMGIwMjY0MzgxZmZkY2M3OTI0MDYzZmZhY2JiOGM4N2RlYjg0MGIyYTgyNjgyOQ==",
        ),
        (
            f"{ACCT},张三,2052,100",
            "NjVmMGExYjJjM2Q0ZTUs5byg5LiJLDIwNTIsMTAw",
            "ZGE3MzIxNmI4ZmU4OGY0NDZmZmJkNDMyMzA3ZDM4NzA1YWViMWU0OTczZmJiN2RhYmIwM2FiNjk0NjdkZGUxNA==",
        ),
    ],
)
def test_data_signature_vectors(app_data: str, encoded: str, signature: str) -> None:
    assert base64.b64encode(app_data.encode()).decode() == encoded
    assert data_signature(SECRET, APP_ID, app_data) == signature


def test_login_signature_vector() -> None:
    sign = login_signature(ACCT, "demo_user", APP_ID, SECRET, "1760000000")
    assert sign == "f3f07d5928f29877fb6b810d592789adbfb2f6c9c25412c55413deff380000d3"


def signed_headers(**changes: str) -> dict[str, str]:
    """The headers of the vector's call."""
    return {
        "x-api-clientid": "900001",
        "x-api-auth-version": "2.0",
        "x-api-timestamp": "1760000000",
        "x-api-nonce": "1760000000",
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "x-api-signature": API_SIGNATURE,
        "x-kd-appkey": APP_ID,
        "x-kd-appdata": "NjVmMGExYjJjM2Q0ZTUsZGVtb191c2VyLDIwNTIsMA==",
        "x-kd-signature": "MWRkZDE3YjJhMWQzYmUzOTFhMGIwMjY0MzgxZmZkY2M3OTI0MDYzZmZhY2JiOGM4N2RlYjg0MGIyYTgyNjgyOQ==",
        **changes,
    }


def sessions(**settings: int) -> Sessions:
    return Sessions(GalaxyConfig(**settings), lambda: 1760000060.0)  # type: ignore[arg-type]


def test_the_vector_opens_a_session() -> None:
    opened = sessions().signed(PATH, signed_headers())
    assert opened is not None
    assert opened.user == "demo_user"


def test_java_variant_opens_a_session() -> None:
    """Milliseconds, a nonce of its own, header names in another case."""
    _, secret = split_app_id(APP_ID)
    headers = signed_headers(
        **{
            "x-api-timestamp": "1760000000123",
            "x-api-nonce": "837465",
            "x-api-signheaders": "X-Api-TimeStamp,X-Api-Nonce",
            "x-api-signature": api_signature(secret, PATH, "837465", "1760000000123"),
        }
    )
    assert sessions(clock_tolerance=300).signed(PATH, headers) is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-api-clientid", "900002"),
        ("x-api-auth-version", "1.0"),
        ("x-api-timestamp", "1760000001"),
        ("x-api-nonce", "1760000001"),
        ("x-api-signheaders", "x-api-nonce"),
        ("x-api-signature", API_SIGNATURE[:-4] + "AA=="),
        ("x-kd-appkey", "900001_"),
        ("x-kd-appdata", "not base64"),
        ("x-kd-appdata", "NjVmMGExYjJjM2Q0ZTUs5byg5LiJLDIwNTIsMTAw"),
        ("x-kd-signature", ""),
    ],
)
def test_any_wrong_header_opens_nothing(name: str, value: str) -> None:
    assert sessions().signed(PATH, signed_headers(**{name: value})) is None


def test_another_path_opens_nothing() -> None:
    assert sessions().signed(PATH.replace("Save", "View"), signed_headers()) is None


def test_a_timestamp_out_of_tolerance_opens_nothing() -> None:
    assert sessions(clock_tolerance=59).signed(PATH, signed_headers()) is None
    assert sessions(clock_tolerance=60).signed(PATH, signed_headers()) is not None


def test_another_data_centre_is_told_apart() -> None:
    app_data = base64.b64encode(b"other,demo_user,2052,0").decode()
    with pytest.raises(WrongDataCentre):
        sessions().signed(PATH, signed_headers(**{"x-kd-appdata": app_data}))
