"""A real PgBouncer in front of the server: in session mode all is well, in transaction mode it is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest

from slipway.engine.embedded import account
from tests.embedded.data import conftest
from tests.support import services
from tests.support.migrating import failed, table_exists
from tests.support.waiting import until

CONFIG = """[databases]
{database} = host=127.0.0.1 port={server} user={user} password='{password}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = {mode}
unix_socket_dir =
"""


@pytest.fixture
def pooled(stack) -> Iterator[Callable[[str], str]]:
    """Starts PgBouncer in a mode and returns the URL through it."""
    binary = shutil.which("pgbouncer")
    if not binary:
        pytest.skip("pgbouncer is not installed")
    started: list[subprocess.Popen] = []

    def start(mode: str) -> str:
        port = services.free_port()
        user, password = f"{stack.database}_migrate", conftest.password_of("migrate").replace("'", "''")
        config = stack.folder / "pgbouncer.ini"
        config.write_text(
            CONFIG.format(
                database=stack.database, server=stack.postgres.port, user=user, password=password, port=port, mode=mode
            )
        )
        uid = account.NOBODY if os.geteuid() == 0 else None
        for path in [config, *list(config.parents)[:4]]:
            path.chmod(path.stat().st_mode | 0o055)
        started.append(subprocess.Popen([binary, "-q", config], user=uid, group=uid, stderr=subprocess.DEVNULL))
        until(lambda: services.listens(port), "pgbouncer listens")
        return f"postgresql://{user}@127.0.0.1:{port}/{stack.database}"

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


def test_session_mode_works(stack, pooled) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    assert stack.run("migrate", MIGRATE_DATABASE_URL=pooled("session"))["version"] == 1


def test_transaction_mode_is_refused_with_the_setting_to_change_and_no_lock_is_left(stack, pooled) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    error = failed(stack, MIGRATE_DATABASE_URL=pooled("transaction"))
    assert error.where == "MIGRATE_DATABASE_URL" and "transaction mode" in error.found
    assert not table_exists(stack, "a") and stack.run("migrate", GATE_TIMEOUT="5")["version"] == 1
