"""How one Galaxy data centre is reached and addressed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from domain.documents import Frozen


class Auth(StrEnum):
    """How we prove who we are (sections 2 and 3)."""

    SIGNED = "signed"
    """Signed headers with every call, no log-in: the default."""
    APP_SECRET = "app_secret"  # noqa: S105
    """Log-in by application secret, for older servers."""
    PASSWORD = "password"  # noqa: S105
    """Log-in by the user's password."""
    SIGN = "sign"
    """Log-in by a signature made with the application secret."""


class OperationSpelling(StrEnum):
    """The service name for further operations; the official one is misspelt, some servers only know the other."""

    OFFICIAL = "ExcuteOperation"
    CORRECT = "ExecuteOperation"


class GalaxyAccess(Frozen):
    """Settings of one Galaxy connection.

    Attributes:
        url: base address up to and including ``/k3cloud/``.
        acct_id: id of the data centre (账套).
        app_id, app_secret: of the application authorised in 第三方系统登录授权.
        lcid: language of the vendor's messages, 2052 is simplified Chinese.
        org_num: number of the organisation to work in, 0 for none.
        parallel, calls_per_second: our own limits; the vendor publishes none (section 14).
        page_size: rows per page of a query; 2000 is safe, 10000 the documented maximum.
        in_list: values per ``in (…)`` list, and bills per call of submit, audit and the like.
        batch_threads: server threads for a BatchSave (``BatchCount``); None leaves it to the server.
        connect_timeout, read_timeout: seconds.
        ca: file with the CA certificate of a private installation.
        convert_rules: the tenant's own convert rule for a standard one, e.g. ``{"OutStock-SalReturnStock": "X1"}``.
    """

    url: str
    acct_id: str
    user_name: str
    app_id: str = ""
    app_secret: SecretStr = SecretStr("")
    password: SecretStr | None = None
    lcid: int = 2052
    org_num: int = 0
    auth: Auth = Auth.SIGNED
    parallel: int = Field(default=4, ge=1)
    calls_per_second: float = Field(default=10, gt=0)
    page_size: int = Field(default=2000, ge=1, le=10_000)
    in_list: int = Field(default=100, ge=1)
    batch_threads: int | None = Field(default=None, ge=1)
    connect_timeout: float = Field(default=10, gt=0)
    read_timeout: float = Field(default=120, gt=0)
    ca: Path | None = None
    operation_spelling: OperationSpelling = OperationSpelling.OFFICIAL
    convert_rules: dict[str, str] = Field(default_factory=dict)

    @field_validator("url")
    @classmethod
    def _with_slash(cls, url: str) -> str:
        return url if url.endswith("/") else url + "/"

    @model_validator(mode="after")
    def _has_credentials(self) -> Self:
        if self.auth is Auth.PASSWORD:
            if self.password is None:
                raise ValueError("log-in by password needs a password")
        elif not (self.app_id and self.app_secret.get_secret_value()):
            raise ValueError(f"{self.auth.value} needs app_id and app_secret")
        return self

    def service(self, name: str) -> str:
        """Address of a service, e.g. ``Kingdee.BOS.WebApi.ServicesStub.AuthService.Logout``."""
        return f"{self.url}{name}.common.kdsvc"
