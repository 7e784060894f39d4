"""docker-compose.yml, Dockerfile and the files beside them, as the tests read them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
ENV_EXAMPLE = ROOT / "deploy" / "kingpost.env.example"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
OURS = ("prepare", "worker")
"""The services that run our image."""

_ASSIGNMENT = re.compile(r"^(?P<optional># )?(?P<name>KINGPOST_[A-Z0-9_]+)=(?P<value>.*)$", re.MULTILINE)


def compose() -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.safe_load(COMPOSE.read_text(encoding="utf-8")))


def service(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", compose()["services"][name])


def copied() -> list[str]:
    """What the Dockerfile copies from the source tree."""
    found: list[str] = []
    for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE):
        words = line.split()
        if not any(word.startswith("--from=") for word in words):
            found += [word.rstrip("/") for word in words if not word.startswith("--")][:-1]
    return found


def example(*, optional: bool) -> dict[str, str]:
    """The assignments of the example; the optional ones stand there as comments."""
    text = ENV_EXAMPLE.read_text(encoding="utf-8")
    return {m["name"]: m["value"] for m in _ASSIGNMENT.finditer(text) if bool(m["optional"]) is optional}


def seconds(duration: str) -> int:
    """A duration of whole seconds as Compose writes it."""
    match = re.fullmatch(r"(\d+)s", duration)
    assert match, duration
    return int(match[1])
