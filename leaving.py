"""Ending a short process that has talked to Temporal."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def leave(status: int, message: str = "") -> NoReturn:
    """End the process at once, with a message on standard error.

    A thread of the SDK may still be handing over the last reply while Python takes itself apart, and then aborts the
    process with status 134. There is nothing left to take apart, so we do not wait.
    """
    if message:
        sys.stderr.write(f"{message}\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
