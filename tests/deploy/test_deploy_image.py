"""The Dockerfile copies what there is, and all of it."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from typing import Any

from tests.deploy.compose_file import DOCKERFILE, OURS, ROOT, copied, service

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_source_exists() -> None:
    assert all((ROOT / source).exists() for source in copied())


def test_all_of_the_product_is_in_the_image() -> None:
    product = {source for source in copied() if not source.startswith(("deploy/", "requirements/"))}
    assert product == set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])


def test_the_builder_is_given_what_is_copied_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied())


def test_the_image_runs_as_an_ordinary_user() -> None:
    users = re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)
    made = re.search(r"useradd .*--uid (\d+) .* (\w+)$", DOCKERFILE, re.MULTILINE)
    assert made is not None and int(made[1]) > 0
    assert users[-1] == made[2]


def test_what_is_started_is_in_the_image() -> None:
    command = re.search(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    assert command is not None
    assert json.loads(command[1]) == service("worker")["command"]
    started = [service(name)["command"] for name in OURS] + [service("worker")["healthcheck"]["test"][1:]]
    for words in started:
        assert words[0] == "python"
        file = words[2].replace(".", "/") + ".py" if words[1] == "-m" else words[1]
        assert file in copied()


def test_the_command_kingpost_starts_our_command_line() -> None:
    script = (ROOT / "deploy" / "kingpost.sh").read_text(encoding="utf-8")
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert 'exec python /app/cli.py "$@"' in script
    assert "WORKDIR /app" in DOCKERFILE and "cli.py" in copied()


def _pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)", text, re.MULTILINE))


def test_the_image_gets_the_versions_that_were_tested_and_no_tools() -> None:
    runtime, lock = _pins("runtime.txt"), _pins("lock.txt")
    assert runtime.items() <= lock.items()
    wanted = {re.split(r"[<>=]", requirement)[0].lower() for requirement in PROJECT["project"]["dependencies"]}
    assert wanted <= runtime.keys()
    assert not {"pytest", "mypy", "ruff"} & runtime.keys()
