"""Every variable and every secret file that a server is given is a setting, and fits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

import settings as configuration
from settings import Settings
from tests.deploy.compose_file import ENV_EXAMPLE, OURS, ROOT, compose, example, service

OUTSIDE = {"KINGPOST_SECRETS_DIR", "KINGPOST_CONFIG"}
"""Variables that say where the settings are."""
SECRETS = service("worker")["secrets"]
ENVIRONMENT = service("worker")["environment"]


def _is_setting(path: str) -> bool:
    """Whether a path, its parts joined by two underscores, leads to a value of the settings."""
    here: Any = Settings
    for part in path.lower().split("__"):
        if get_origin(here) is dict:
            here = get_args(here)[1]  # the part names a connection
        elif _is_group(here) and part in here.model_fields:
            here = here.model_fields[part].annotation
        else:
            return False
    return get_origin(here) is not dict and not _is_group(here)


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The environment of a worker on a server, its secrets in the folder given; no other settings about."""
    for name in [name for name in os.environ if name.startswith("KINGPOST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in SECRETS:
        text = "postgresql://kingpost:pw@postgres/kingpost" if name == "store_url" else f"the {name}"
        (secrets / name).write_text(f"{text}\n", encoding="utf-8")
    filled = {name: value or "filled in" for name, value in example(optional=False).items()}
    for name, value in {**filled, **ENVIRONMENT, "KINGPOST_SECRETS_DIR": str(secrets)}.items():
        monkeypatch.setenv(name, value)
    return secrets


@pytest.mark.parametrize("name", sorted({*example(optional=False), *example(optional=True), *ENVIRONMENT} - OUTSIDE))
def test_every_variable_is_a_setting(name: str) -> None:
    assert _is_setting(name.removeprefix("KINGPOST_"))


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_file_is_a_setting(name: str) -> None:
    assert _is_setting(name)


@pytest.mark.parametrize(
    "name", ["STOR_URL", "TEMPORAL", "TEMPORALL__WEB", "GALAXY__MAIN__URLL", "WORKER__BATCH__SIZE"]
)
def test_a_wrong_name_is_told_from_a_setting(name: str) -> None:
    assert not _is_setting(name)


def test_all_our_services_get_the_same() -> None:
    for name in OURS:
        assert service(name)["environment"] == ENVIRONMENT
        assert service(name)["secrets"] == SECRETS
        assert [ROOT / file for file in service(name)["env_file"]] == [ENV_EXAMPLE.with_suffix("")]


def test_a_server_has_all_a_worker_needs(server: Path) -> None:
    loaded = configuration.required(configuration.load())
    assert loaded.temporal.address == "temporal:7233"
    assert loaded.store_url.get_secret_value() == "postgresql://kingpost:pw@postgres/kingpost"
    assert loaded.secret_key is not None and loaded.secret_key.get_secret_value() == "the secret_key"
    assert loaded.galaxy["main"].app_secret.get_secret_value() == "the galaxy__main__app_secret"
    assert loaded.jushuitan["main"].app_secret.get_secret_value() == "the jushuitan__main__app_secret"
    assert loaded.jushuitan["main"].erp == "main"


def test_the_optional_variables_fit_too(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in example(optional=True).items():
        monkeypatch.setenv(name, value)
    loaded = configuration.load()
    assert loaded.jushuitan["main"].since is not None


def test_the_optional_variables_stand_with_their_defaults(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = configuration.load()
    for name, value in example(optional=True).items():
        if not name.endswith("__SINCE"):
            monkeypatch.setenv(name, value)
    assert configuration.load() == before


def test_a_misspelt_variable_is_refused(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINGPOST_GALAXY__MAIN__ACCTID", "1")
    with pytest.raises(configuration.Misconfigured, match="KINGPOST_GALAXY__MAIN__ACCTID"):
        configuration.load()


def test_a_misspelt_secret_is_refused(server: Path) -> None:
    (server / "galaxy__main__app_secret").rename(server / "galaxy__main__appsecret")
    with pytest.raises(configuration.Misconfigured, match=r"galaxy\.main"):
        configuration.load()


@pytest.mark.parametrize("name", ["galaxy__main__app_secret", "jushuitan__main__app_secret"])
def test_a_missing_secret_is_named(server: Path, name: str) -> None:
    (server / name).unlink()
    with pytest.raises(configuration.Misconfigured, match=r"app_secret"):
        configuration.load()


def test_new_secrets_are_those_the_services_want(tmp_path: Path) -> None:
    script = ROOT / "deploy" / "new-secrets.sh"
    folder = tmp_path / "secrets"
    first = subprocess.run(["sh", str(script), str(folder)], capture_output=True, text=True, check=True).stdout
    made = {file.name: file.read_text(encoding="utf-8").strip() for file in folder.iterdir()}
    by_hand = {line.rpartition("/")[2] for line in first.splitlines()}
    assert made.keys() | by_hand == compose()["secrets"].keys()
    assert not made.keys() & by_hand
    assert made["store_url"] == f"postgresql://kingpost:{made['kingpost_db_password']}@postgres/kingpost"
    assert len(set(made.values())) == len(made)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o004 for file in folder.iterdir())  # the containers' users can read them

    for name in by_hand:
        (folder / name).write_text("given by the vendor", encoding="utf-8")
    again = subprocess.run(["sh", str(script), str(folder)], capture_output=True, text=True, check=True).stdout
    assert again == ""
    assert {name: (folder / name).read_text(encoding="utf-8").strip() for name in made} == made


@pytest.mark.parametrize("command", [["worker.py"], ["-m", "deploy.prepare"], ["-m", "deploy.health"]])
def test_a_wrong_setting_ends_the_process_with_one_sentence(command: list[str], tmp_path: Path) -> None:
    done = _run(command, tmp_path, {"KINGPOST_TEMPORAL__ADRESS": "temporal:7233"})
    assert done.returncode == (1 if "deploy.health" in command else 2)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and "KINGPOST_TEMPORAL__ADRESS" in done.stderr


def test_a_worker_without_settings_names_the_first_that_is_missing(tmp_path: Path) -> None:
    done = _run(["worker.py"], tmp_path, {})
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and "KINGPOST_GALAXY__MAIN__URL" in done.stderr
    assert list(tmp_path.iterdir()) == []


def _run(command: list[str], folder: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a Python command of ours in an empty folder, so that no configuration file is found."""
    words = [str(ROOT / word) if word.endswith(".py") else word for word in command]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("KINGPOST_")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**bare, "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        check=False,
    )
