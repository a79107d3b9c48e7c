"""Looking at a running stack: psql, logs, status, and the rendered files."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from slipway.config import envfile
from slipway.config.credentials import secrets_of
from tests.support.clone import Clone, assert_refused, clean
from tests.support.containers import ROOT
from tests.support.hostile import HOSTILE
from tests.support.our_migrations import FILES
from tests.support.tree import known_files

pytestmark = pytest.mark.scenario


def test_psql_needs_no_port_and_works_as_the_owner_of_the_schema(shared: Clone):
    done = fed(shared, "psql", "\\pset format unaligned\n\\t on\nSELECT current_user, current_database();\n")
    assert done.returncode == 0, done.stdout
    assert "slipway_owner|slipway" in done.stdout.splitlines()


def test_a_shell_has_the_environment_of_ops(shared: Clone):
    done = fed(shared, "shell", 'echo "$S3_BUCKETS as $(id -u)"\n')
    assert done.returncode == 0 and "app as 10003" in done.stdout


def fed(stack: Clone, task: str, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", task],
        cwd=stack.root,
        input=text,
        text=True,
        env=clean(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )


@pytest.mark.parametrize(
    "service, part", [("postgres", "database system is ready"), ("redis", "Ready to accept"), ("app", "listening on")]
)
def test_logs_shows_the_service_that_was_asked_for(shared: Clone, service: str, part: str):
    assert part in shared.succeed("logs", "--service", service)


def test_logs_of_a_service_that_does_not_exist_names_those_that_do(shared: Clone):
    assert_refused(shared.invoke("logs", "--service", "postgress"), 2, "postgres, redis, objects, ops, app, gateway")


def test_status_tells_machines_and_people_the_same(shared: Clone):
    done = json.loads(shared.succeed("status", "--json").splitlines()[-1])
    assert done["answering"] is True and done["differ"] == {}
    text = shared.succeed("status")
    assert all(f"  {service:<10} running" in text for service in shared.ids())
    assert f"{len(FILES)} applied, 0 pending" in text


def test_docker_compose_takes_the_rendered_file_with_the_real_values(shared: Clone):
    settings = envfile.load(shared.root, "local", clean({}))
    done = subprocess.run(
        [*compose(shared), "config", "--quiet"],
        cwd=shared.root,
        env=environment() | secrets_of(settings),
        text=True,
        capture_output=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_docker_compose_refuses_the_rendered_file_without_its_secrets(shared: Clone):
    done = subprocess.run(
        [*compose(shared), "config", "--quiet"],
        cwd=shared.root,
        env=environment(),
        text=True,
        capture_output=True,
    )
    assert done.returncode != 0 and "is not set; ./invoke up sets it" in done.stderr


def test_a_run_leaves_the_working_tree_as_it_was(shared: Clone):
    names = list(known_files())
    assert [name for name in names if (shared.root / name).read_bytes() != (ROOT / name).read_bytes()] == []
    there = (path.relative_to(shared.root) for path in shared.root.rglob("*") if path.is_file())
    ignored = {".env", ".slipway", ".venv", "__pycache__", "backups"}
    assert [str(path) for path in there if str(path) not in names and ignored.isdisjoint(path.parts)] == []


def compose(stack: Clone) -> list[str]:
    file = stack.root / ".slipway/local/compose/local.yaml"
    return ["docker", "compose", "--project-directory", str(stack.root / "compose"), "--file", str(file)]


def environment() -> dict[str, str]:
    return {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}


def test_a_shell_that_is_set_for_other_programs_changes_nothing(shared: Clone):
    before = shared.ids()
    shared.assert_nothing_to_do(**HOSTILE)
    for words in (["db.status", "--exit-code"], ["smoke"], ["db.drift"], ["status"]):
        shared.succeed(*words, **HOSTILE)
    assert "Nothing to deploy" in shared.succeed("deploy", **HOSTILE)
    assert shared.ids() == before


def test_plan_tells_differences_locks_and_what_restarts_and_changes_nothing(shared: Clone):
    before = shared.ids()
    migration = shared.root / "migrations" / "905_later.up.sql"
    migration.write_text("ALTER TABLE tasks ADD COLUMN later int NOT NULL;\n")
    changed = {"APP_ENV_LATER": "s3cret-value", "REDIS_MEMORY": "300MB", "APP_MEMORY": "300MB"}
    told = [json.loads(line) for line in shared.succeed("plan", "--json", **changed).splitlines()][-1]
    text = shared.succeed("deploy", "--dry-run", **changed)
    migration.unlink()
    assert "memory: 256 MB → 300 MB" in told["changes"]["redis"]
    assert "environment: LATER is new" in told["changes"]["app"] and "s3cret-value" not in text
    assert told["migrations"][0]["tables"][0] == {
        "table": "tasks",
        "mode": "ACCESS EXCLUSIVE",
        "blocks": "reads and writes",
    }
    assert [each["rule"] for each in told["migrations"][0]["findings"]].count("adding-required-field") == 1
    assert "no gap" in told["pauses"]["app"] and "started again" in told["pauses"]["redis"]
    assert told["stays"] == ["postgres", "objects", "ops", "gateway"]
    assert "ACCESS EXCLUSIVE on tasks: reads and writes wait" in text
    assert shared.ids() == before and "Nothing to do" in shared.succeed("plan")
