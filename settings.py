"""Settings: a TOML file, environment variables and files with secrets, later ones winning in this order.

Environment: ``KINGPOST_`` and the path of the setting joined by ``__``, e.g. ``KINGPOST_GALAXY__MAIN__APP_SECRET``.
Secrets as files: the same path in lower case is the name of a file in ``KINGPOST_SECRETS_DIR``, e.g.
``galaxy__main__app_secret``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import time
from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from activities.retrying import Patience
from connectors.flagship.access import FlagshipAccess
from connectors.galaxy.access import GalaxyAccess
from connectors.jushuitan.access import JushuitanAccess
from connectors.rates.chain import RateAccess
from domain.documents import Frozen

DEMO_FILE = Path(".kingpost/demo.toml")
"""Written by the demo, so that a second terminal finds it."""

_CALLS_OF_A_BATCH = 3
"""Find, save with submit and audit, find."""
_CALLS_OF_THREE_STEPS = 5
"""Find, save, submit, audit, find."""


class Misconfigured(Exception):
    """A setting is missing or wrong. The text is one sentence that names it."""


class TemporalSettings(Frozen):
    """The Temporal cluster. `web` is the address of its Web UI, for links."""

    address: str = "127.0.0.1:7233"
    namespace: str = "default"
    tls: bool = False
    api_key: SecretStr | None = None
    web: str = "http://127.0.0.1:8233"


class GalaxyTarget(GalaxyAccess):
    """A Galaxy data centre as where bills go.

    Attributes:
        steps_per_second: steps that Temporal hands out a second on its task queue, to all workers together; default:
            as many as its calls can carry when batches are full.
    """

    steps_per_second: float | None = Field(default=None, gt=0)

    def queue_rate(self, batch: int) -> float:
        """Steps a second on its task queue. A batch of posts makes `_CALLS_OF_A_BATCH` calls, however full it is."""
        return self.steps_per_second or self.calls_per_second * batch / _CALLS_OF_A_BATCH


class FlagshipTarget(FlagshipAccess):
    """A Flagship data centre as where bills go.

    Attributes:
        steps_per_second: as `GalaxyTarget.steps_per_second`.
    """

    steps_per_second: float | None = Field(default=None, gt=0)

    def queue_rate(self, batch: int) -> float:
        """Steps a second on its task queue. A batch of posts makes `_CALLS_OF_THREE_STEPS` calls."""
        return self.steps_per_second or self.calls_per_second * batch / _CALLS_OF_THREE_STEPS


class JushuitanSource(JushuitanAccess):
    """A Jushuitan account as a source of documents.

    Attributes:
        steps_per_second: steps that Temporal hands out a second on its task queue, to all workers together; default:
            `per_second`, since each step makes at least one call.
        erp: name of the Galaxy or Flagship connection its bills go to.
        bill_prefix: put in front of the source's numbers to make bill numbers; two accounts need two prefixes.
        since: documents changed before this moment are left alone at the first poll; default: a day before the first
            poll there ever was, kept from then on.
    """

    steps_per_second: float | None = Field(default=None, gt=0)
    erp: str = "main"
    bill_prefix: str = Field(default="", max_length=20)
    since: AwareDatetime | None = None

    def queue_rate(self) -> float:
        """Steps a second on its task queue."""
        return self.steps_per_second or self.per_second


class WorkerSettings(Frozen):
    """How a worker process runs.

    Attributes:
        every: seconds between polls of every flow, instead of what the flow files say; for demonstrations.
        overlap: seconds read again at each poll, instead of what the flow files say.
        linger, batch, lanes: how long a bill waits for company (seconds), how many travel together, in how many calls
            at once for each form.
        workflow_tasks, activities: how many of each one process carries at once.
        cached: workflows one process keeps in memory, some 100 KB each; one that waits for long is read anew from its
            history when it goes on. At least `workflow_tasks`.
        window_rows: documents in one window of a back-fill or a reconciliation; a window that has more is halved.
        reconcile_at: time of the day, in China, at which the day before is reconciled.
        build_id: name of this build at Temporal; given, work goes to workers of the current build only (see `builds`).
        schedules: whether this worker sees to it that the schedules exist.
    """

    every: int | None = Field(default=None, gt=0)
    overlap: int | None = Field(default=None, ge=0)
    linger: float = Field(default=0.02, ge=0)
    batch: int = Field(default=50, ge=1)
    lanes: int = Field(default=2, ge=1)
    window_rows: int = Field(default=1000, ge=1)
    reconcile_at: time = time(2, 30)
    workflow_tasks: int = Field(default=100, ge=2)
    activities: int = Field(default=200, ge=1)
    cached: int = Field(default=300, ge=2)
    build_id: str | None = Field(default=None, min_length=1, max_length=200)
    schedules: bool = True


class Settings(BaseSettings):
    """Everything a worker or a command needs to know."""

    model_config = SettingsConfigDict(
        env_prefix="KINGPOST_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    store_url: SecretStr = SecretStr("sqlite:///.kingpost/kingpost.db")
    secret_key: SecretStr | None = None
    temporal: TemporalSettings = TemporalSettings()
    rates: RateAccess = RateAccess(
        central_parity_url="https://www.chinamoney.com.cn",
        safe_url="https://www.safe.gov.cn",
    )
    patience: Patience = Patience()
    worker: WorkerSettings = WorkerSettings()
    galaxy: dict[str, GalaxyTarget] = Field(default_factory=dict)
    flagship: dict[str, FlagshipTarget] = Field(default_factory=dict)
    jushuitan: dict[str, JushuitanSource] = Field(default_factory=dict)

    def erp_system(self, name: str) -> str:
        """Kind of an ERP connection: ``galaxy`` or ``flagship``."""
        return "flagship" if name in self.flagship else "galaxy"

    @model_validator(mode="after")
    def _connections_fit(self) -> Self:
        erps = {**self.galaxy, **self.flagship}
        for name in self.galaxy.keys() & self.flagship.keys():
            raise ValueError(
                f"flagship.{name} and galaxy.{name} have one name, expected a name of its own for each ERP"
            )
        seen: dict[str, tuple[str, str]] = {}
        for name, source in self.jushuitan.items():
            if source.erp not in erps:
                raise ValueError(f"jushuitan.{name}.erp names {source.erp!r}, expected one of {sorted(erps)}")
            for other, (erp, prefix) in seen.items():
                if erp == source.erp and _can_meet(prefix.casefold(), source.bill_prefix.casefold()):
                    raise ValueError(
                        f"jushuitan.{name}.bill_prefix {source.bill_prefix!r} and that of jushuitan.{other} {prefix!r} "
                        "can make the same bill number, expected prefixes that differ in more than digits"
                    )
            seen[name] = (source.erp, source.bill_prefix)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources: list[PydanticBaseSettingsSource] = [init_settings]
        folder = os.environ.get("KINGPOST_SECRETS_DIR")
        if folder:
            sources.append(
                NestedSecretsSettingsSource(
                    file_secret_settings, secrets_dir=folder, secrets_nested_delimiter="__", secrets_prefix=""
                )
            )
        sources.append(env_settings)
        file = config_file()
        if file is not None:
            sources.append(TomlConfigSettingsSource(settings_cls, toml_file=file))
        return tuple(sources)


def _can_meet(one: str, other: str) -> bool:
    """Whether two prefixes followed by digits can be the same text: one begins the other, and the rest is digits."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (long == short or long[len(short) :].isdigit())


def config_file() -> Path | None:
    """The configuration file in force: KINGPOST_CONFIG, else ./kingpost.toml, else the running demo's."""
    named = os.environ.get("KINGPOST_CONFIG")
    if named:
        return Path(named)
    return next((file for file in (Path("kingpost.toml"), DEMO_FILE) if file.is_file()), None)


def load() -> Settings:
    """The settings in force.

    Raises:
        Misconfigured: one sentence naming the setting, what was expected, and where it can be given.
    """
    file = config_file()
    if file is not None and not file.is_file():
        raise Misconfigured(f"KINGPOST_CONFIG names {file}, expected a readable file")
    folder = os.environ.get("KINGPOST_SECRETS_DIR")
    if folder and not Path(folder).is_dir():
        raise Misconfigured(f"KINGPOST_SECRETS_DIR names {folder}, expected a folder")
    _no_stranger(os.environ, "KINGPOST_")
    if folder:
        _no_stranger([file.name.upper() for file in Path(folder).iterdir() if not file.name.startswith(".")], "")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = [str(part) for part in first["loc"]]
        name = ".".join(path)
        variable = "KINGPOST_" + "__".join(path).upper()
        reason = first["msg"].removeprefix("Value error, ")
        where = f"Setting {name} ({variable}): {reason}" if path else f"Settings: {reason}"
        raise Misconfigured(f"{where}.") from error
    except ValueError as error:
        raise Misconfigured(f"The configuration cannot be read: {error}.") from error


def _no_stranger(names: Iterable[str], prefix: str) -> None:
    """A misspelt name would be passed over in silence, and the default used instead. Raises Misconfigured."""
    known = {field.upper() for field in Settings.model_fields} | {"CONFIG", "SECRETS_DIR"}
    for name in names:
        first = name.removeprefix(prefix).split("__", 1)[0]
        if name.startswith(prefix) and first not in known:
            shown = name if prefix else name.lower()
            raise Misconfigured(f"There is no setting {shown}, expected one of {', '.join(sorted(known)).lower()}.")


def required(settings: Settings) -> Settings:
    """Settings with which a worker has something to do.

    Raises:
        Misconfigured: no connection is set.
    """
    if not settings.galaxy and not settings.flagship:
        raise Misconfigured(
            "Setting galaxy is missing: expected at least one Kingdee connection, e.g. KINGPOST_GALAXY__MAIN__URL."
        )
    if not settings.jushuitan:
        raise Misconfigured(
            "Setting jushuitan is missing: expected at least one source, e.g. KINGPOST_JUSHUITAN__MAIN__URL."
        )
    return settings
