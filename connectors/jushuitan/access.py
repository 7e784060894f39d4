"""How one Jushuitan merchant is reached and addressed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from domain.documents import Frozen


class Application(StrEnum):
    """The two kinds of application, which get their tokens differently (section 2)."""

    OWN = "own"
    """自有/商家自研: asks for a token whenever it needs one."""
    PROVIDER = "provider"
    """服务商 (ISV): the merchant has to authorise it on a web page, and again when the token ends."""


class CustomsPlaces(Frozen):
    """Which free field of the goods keeps what customs want to know. No API field is meant for it (section 8.5)."""

    hs_code: str = "other_1"
    english_name: str = "other_2"
    battery: str = "other_3"
    gross_weight: str = "other_4"
    declared_price: str = "other_price_1"


class JushuitanAccess(Frozen):
    """Settings of one Jushuitan connection.

    Attributes:
        url: host of the business calls, e.g. ``https://openapi.jushuitan.com``.
        token_url: address of the token calls; by default ``/openWeb/auth`` of the same host (the vendor's sandbox has
            ``/openWebIsv/auth``).
        access_token, refresh_token: to start with; what the vendor hands out later is kept in the token vault.
        per_second, per_minute: our own limits, below the vendor's 5 and 100 (section 6).
        page_size: rows per page; the vendor allows 50.
        newer_purchase_in: ask for purchase receipts by the newer path, for which new applications get permission.
        rows_per_upload: documents a call, where the API takes several; the vendor's limits are not documented.
        customs: where the goods keep what customs want to know.
        connect_timeout, read_timeout: seconds.
        ca: file with CA certificates to trust instead of the public ones.
    """

    url: str
    app_key: str
    app_secret: SecretStr
    token_url: str | None = None
    application: Application = Application.OWN
    access_token: SecretStr | None = None
    refresh_token: SecretStr | None = None
    per_second: float = Field(default=4, gt=0)
    per_minute: float = Field(default=90, gt=0)
    page_size: int = Field(default=50, ge=1, le=50)
    newer_purchase_in: bool = False
    rows_per_upload: int = Field(default=50, ge=1, le=50)
    customs: CustomsPlaces = CustomsPlaces()
    connect_timeout: float = Field(default=10, gt=0)
    read_timeout: float = Field(default=60, gt=0)
    ca: Path | None = None

    @field_validator("url", "token_url")
    @classmethod
    def _without_slash(cls, url: str | None) -> str | None:
        return url.rstrip("/") if url else url

    def business(self, path: str) -> str:
        """Address of a business call, e.g. of ``/open/shops/query``."""
        return self.url + path

    def token_call(self, name: str) -> str:
        """Address of ``getInitToken``, ``accessToken`` or ``refreshToken``."""
        return f"{self.token_url or self.url + '/openWeb/auth'}/{name}"
