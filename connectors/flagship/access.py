"""How one Flagship data centre is reached and addressed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.flagship.bindings import load
from domain.documents import Frozen


class Auth(StrEnum):
    """How we prove who we are (section 3)."""

    TOKEN = "token"  # noqa: S105
    """The enhanced access token: the default since Cosmic V6.0.1."""
    LEGACY = "legacy"
    """Application token, then log-in: for applications whose enhanced switch is off."""
    DIGEST = "digest"
    """Every call signed (摘要认证), no token."""


class UserType(StrEnum):
    """What `user` is, for the legacy log-in and for signed calls."""

    MOBILE = "Mobile"
    EMAIL = "Email"
    NAME = "UserName"


class TimestampForm(StrEnum):
    """How getToken wants the time."""

    LOCAL = "local"
    """``yyyy-MM-dd HH:mm:ss`` in the server's zone, which is China's."""
    ZERO_ZONE = "zero_zone"
    """``2025-06-12T00:00:10.009Z``, from V7.0.13."""


class FlagshipAccess(Frozen):
    """Settings of one Flagship connection.

    Attributes:
        url: portal address, with ``/ierp`` on a private cloud that has this context.
        account_id: id of the data centre, a number of 19 digits.
        app_id, app_secret: code and AccessToken secret of the third-party application.
        user: its proxy user; calls have this user's permissions.
        digest_key: the application's key for signed calls.
        gateway_identity: value of ``x-acgw-identity``; the public cloud's gateway wants it.
        token_header: ``accesstoken`` is safe; ``access_token`` is dropped by many proxies.
        duplicate_window: seconds in which a save that is sent again is refused by the server (``Idempotency-Key``);
            longer than a call can last, and short, because what was refused cannot be sent again any sooner. 0: none.
        creates_only: the save APIs are set up with ``importType`` new, as they should be: the server then refuses a
            bill number that is taken. False: it would overwrite the bill, so that every save looks first.
        bindings: YAML file laid over the default bindings, see `connectors.flagship.bindings`.
        parallel, calls_per_second, calls_per_minute: our own limits, below those of section 9.
        page_size: rows per page of a query; in_list: bill numbers per call.
        connect_timeout, read_timeout: seconds; the public cloud cuts a call off after 60.
        ca: file with the CA certificate of a private installation.
    """

    url: str
    account_id: str
    app_id: str
    user: str
    app_secret: SecretStr = SecretStr("")
    digest_key: SecretStr | None = None
    tenant_id: str = ""
    user_type: UserType = UserType.NAME
    gateway_identity: SecretStr | None = None
    language: str = "zh_CN"
    auth: Auth = Auth.TOKEN
    token_header: str = "accesstoken"  # noqa: S105
    timestamps: TimestampForm = TimestampForm.LOCAL
    duplicate_window: int = Field(default=60, ge=0, le=90 * 86_400)
    creates_only: bool = True
    bindings: Path | None = None
    parallel: int = Field(default=4, ge=1)
    calls_per_second: float = Field(default=8, gt=0)
    calls_per_minute: float = Field(default=540, gt=0)
    page_size: int = Field(default=500, ge=1, le=10_000)
    in_list: int = Field(default=100, ge=1)
    connect_timeout: float = Field(default=10, gt=0)
    read_timeout: float = Field(default=65, gt=0)
    ca: Path | None = None

    @field_validator("url")
    @classmethod
    def _base(cls, url: str) -> str:
        """A blank or a stray ``/kapi`` at the end would be answered with an HTML page (section 1)."""
        return url.strip().rstrip("/").removesuffix("/kapi")

    @field_validator("bindings")
    @classmethod
    def _can_be_read(cls, file: Path | None) -> Path | None:
        load(file)
        return file

    @model_validator(mode="after")
    def _has_credentials(self) -> Self:
        if self.auth is Auth.DIGEST:
            if self.digest_key is None:
                raise ValueError("digest needs digest_key")
        elif not self.app_secret.get_secret_value():
            raise ValueError(f"{self.auth.value} needs app_secret")
        return self

    def api(self, path: str) -> str:
        """Address of an API, from the request address shown on its page, e.g. ``/v2/im/im_saloutbill/query``."""
        return f"{self.url}/kapi{path}"
