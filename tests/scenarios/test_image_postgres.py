"""The Postgres image of IMAGES=debian keeps the contract of the official one, in real containers."""

from __future__ import annotations

import gzip
import subprocess

import pytest

from tests.support.containers import address, container, docker, ended, must, tags, volume
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

POSTGRES_HARDENED = (
    "--user",
    "999:999",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
    "--read-only",
    "--tmpfs",
    "/tmp",
    "--tmpfs",
    "/run/postgresql:uid=999,gid=999,mode=3775",
)


def sql(name: str, query: str, password: str = "secret", user: str = "postgres") -> subprocess.CompletedProcess[str]:
    """Over TCP on the container's own address, where a password is asked for, unlike the socket and loopback."""
    return docker(
        "exec",
        "--interactive",
        "--env",
        f"PGPASSWORD={password}",
        name,
        "psql",
        "-X",
        "-At",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        address(name),
        "-U",
        user,
        "-d",
        "postgres",
        stdin=query,
    )


def answers(name: str, password: str = "secret", user: str = "postgres") -> None:
    until(lambda: sql(name, "SELECT 1", password, user).stdout.strip() == "1", "postgres answers over TCP")


@pytest.mark.parametrize("options", [POSTGRES_HARDENED, ()], ids=["hardened", "as root"])
def test_postgres_starts_on_a_fresh_volume_and_again_on_the_used_one(options):
    with volume() as data:
        mount = ("--volume", f"{data}:/var/lib/postgresql", "--env", "POSTGRES_PASSWORD=secret")
        with container(tags()["postgres"], *mount, *options, command=("-c", "work_mem=7MB")) as name:
            answers(name)
            assert sql(name, "SELECT 1", password="wrong").returncode != 0
            assert sql(name, "SHOW work_mem").stdout.strip() == "7MB"
            assert sql(name, "SHOW data_checksums").stdout.strip() == "on"
            assert sql(name, "CREATE TABLE kept AS SELECT 42 AS n").returncode == 0
            must("restart", name)
            answers(name)
            assert sql(name, "SELECT n FROM kept").stdout.strip() == "42"
            must("stop", "--timeout", "60", name)
            assert must("inspect", "--format", "{{.State.ExitCode}}", name) == "0"
        with container(tags()["postgres"], *mount, *options) as again:
            answers(again)
            assert sql(again, "SELECT n FROM kept").stdout.strip() == "42"


def test_postgres_takes_user_and_password_from_files_and_refuses_both_forms_at_once(tmp_path):
    (tmp_path / "password").write_text("from a 'file'\n")
    (tmp_path / "user").write_text("owner\n")
    files = (
        "--volume",
        f"{tmp_path}:/run/given:ro",
        "--env",
        "POSTGRES_PASSWORD_FILE=/run/given/password",
        "--env",
        "POSTGRES_USER_FILE=/run/given/user",
        "--env",
        "POSTGRES_DB=postgres",
    )
    with container(tags()["postgres"], *files) as name:
        answers(name, "from a 'file'", "owner")
    with container(tags()["postgres"], *files, "--env", "POSTGRES_PASSWORD=too") as name:
        code, log = ended(name)
        assert code == 1 and "POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are both set" in log


def test_postgres_refuses_to_start_without_a_password():
    with container(tags()["postgres"]) as name:
        code, log = ended(name)
        assert code == 1 and "POSTGRES_PASSWORD" in log


def test_postgres_refuses_the_mount_of_the_old_layout_and_a_cluster_where_it_would_not_look(tmp_path):
    password = ("--env", "POSTGRES_PASSWORD=secret")
    with volume() as data, container(tags()["postgres"], *password, "-v", f"{data}:/var/lib/postgresql/data") as name:
        code, log = ended(name)
        assert code == 1 and "mount the volume at /var/lib/postgresql" in log
    (tmp_path / "PG_VERSION").write_text("17\n")
    tmp_path.chmod(0o777)
    with container(tags()["postgres"], *password, "-v", f"{tmp_path}:/var/lib/postgresql") as name:
        code, log = ended(name)
        assert code == 1 and "holds a cluster of version 17" in log
        assert (tmp_path / "PG_VERSION").read_text() == "17\n"


def test_postgres_runs_init_scripts_of_each_kind_in_name_order(tmp_path):
    (tmp_path / "10-table.sql").write_text("CREATE TABLE ran (n serial, what text);")
    (tmp_path / "20-packed.sql.gz").write_bytes(gzip.compress(b"INSERT INTO ran (what) VALUES ('gz');"))
    (tmp_path / "30-sourced.sh").write_text("docker_process_sql -c \"INSERT INTO ran (what) VALUES ('sourced')\"")
    (tmp_path / "40-program.sh").write_text("#!/bin/sh\npsql -c \"INSERT INTO ran (what) VALUES ('program')\"")
    (tmp_path / "40-program.sh").chmod(0o755)
    tmp_path.chmod(0o755)
    given = ("--volume", f"{tmp_path}:/docker-entrypoint-initdb.d:ro", "--env", "POSTGRES_PASSWORD=secret")
    with container(tags()["postgres"], *given, *POSTGRES_HARDENED) as name:
        answers(name)
        assert sql(name, "SELECT what FROM ran ORDER BY n").stdout.split() == ["gz", "sourced", "program"]


def test_postgres_does_a_first_start_again_that_was_killed_half_way(tmp_path):
    (tmp_path / "10-wait.sh").write_text("until [ -e /docker-entrypoint-initdb.d/go ]; do sleep 0.1; done")
    tmp_path.chmod(0o755)
    given = ("--volume", f"{tmp_path}:/docker-entrypoint-initdb.d:ro", "--env", "POSTGRES_PASSWORD=secret")
    with (
        volume() as data,
        container(tags()["postgres"], *given, *POSTGRES_HARDENED, "--volume", f"{data}:/var/lib/postgresql") as name,
    ):
        until(lambda: "10-wait.sh" in docker("logs", name).stdout, "the script of the first start runs")
        must("kill", name)
        (tmp_path / "go").touch()
        must("start", name)
        answers(name)
        assert must("exec", name, "ls", "/var/lib/postgresql/18") == "docker"


def test_postgres_has_contrib_and_a_pgbackrest_that_speaks_plain_http_to_s3():
    with container(tags()["postgres"], "--env", "POSTGRES_PASSWORD=secret") as name:
        answers(name)
        assert sql(name, "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION amcheck").returncode == 0
        version = must("exec", name, "pgbackrest", "version").split()[-1]
        assert tuple(map(int, version.split("."))) >= (2, 59, 3)
