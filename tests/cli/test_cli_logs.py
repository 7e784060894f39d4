"""What a process logs: readable, one object a line for machines, and never the values of local variables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import structlog
import logs

logs.configure()
log = structlog.get_logger()
log.info("worker is ready", queues=["聚水潭"])


def fail(token):
    unsaid = token
    raise ValueError("the sum is off")


try:
    fail("planted" + "-canary")
except ValueError:
    log.exception("defect", step="post")
"""


def test_log_lines_are_json_without_local_values() -> None:
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=root, capture_output=True, text=True, check=True)
    ready, defect = (json.loads(line) for line in ran.stderr.splitlines())
    assert (ready["event"], ready["level"], ready["queues"]) == ("worker is ready", "info", ["聚水潭"])
    assert defect["exception"][0]["exc_value"] == "the sum is off"
    assert defect["step"] == "post"
    assert "planted-canary" not in ran.stderr
    assert ran.stdout == ""
