"""Secrets of a project's vault come into the settings file, and nowhere else."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator

import pytest

from slipway.config import envfile
from slipway.data.endpoints import Endpoints, Secret
from slipway.data.supabase import Project
from slipway.data.verb import Nothing
from slipway.errors import SettingsError
from slipway.supabase.vault import read
from tests.support.supabase.source import Source
from tests.support.working_copy import WorkingCopy

CANARY = "canary-7c1d"
# By the key that it has in .env: the name in the vault, and the value.
PLANTED = {
    "APP_ENV_MAIL_KEY_2025": ("mail-key 2025", f"""{CANARY} 'a' "b" $HOME \\n # {{}}"""),
    "APP_ENV_VAULT_DATABASE_URL": ("database_url", f"postgresql://u:{CANARY}@h/d"),
    "APP_ENV_MAIL_KEY_2025_2": ("MAIL KEY 2025", f"{CANARY} 'two'\nlines\n"),
    "APP_ENV_TAKEN": ("taken", f"{CANARY} of the vault"),
    "APP_ENV_RETURNED": ("returned", f"{CANARY}\r\n"),
}
KEPT = "nobody's but ours"


@pytest.fixture(scope="module")
def planted(project: Source) -> Iterator[Source]:
    with project.connect() as conn:
        for name, value in PLANTED.values():
            conn.execute("select vault.create_secret(%s, %s)", [value, name])
        try:
            yield project
        finally:
            conn.execute("delete from vault.secrets where name = any (%s)", [[name for name, _ in PLANTED.values()]])


def entries(stack: WorkingCopy) -> dict[str, str]:
    return {key: entry.value for key, entry in envfile.read(stack.root / ".env").items()}


def test_names_are_listed_and_no_value(planted: Source, stack: WorkingCopy) -> None:
    before = (stack.root / ".env").read_text()
    done = stack.invoke("supabase.secrets")
    assert done.returncode == 0, done.stderr
    assert "partner_api_key: APP_ENV_PARTNER_API_KEY" in done.stdout and "database_url: APP_ENV_VAULT_" in done.stdout
    assert CANARY not in done.stdout + done.stderr and "sk_live" not in done.stdout
    assert (stack.root / ".env").read_text() == before


def test_values_come_into_the_settings_file_and_nowhere_else(planted: Source, stack: WorkingCopy) -> None:
    file = stack.root / ".env"
    file.write_text(file.read_text() + f'APP_ENV_TAKEN="{KEPT}"')  # without a new line at its end
    file.chmod(0o640)
    before = entries(stack)
    first, again = (stack.invoke("supabase.secrets", "--write", "--json") for _ in range(2))
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    values = {key: value for key, (_, value) in PLANTED.items() if key != "APP_ENV_RETURNED"}
    given = {"APP_ENV_PARTNER_API_KEY": "sk_live_made_up", "APP_ENV_CERTIFICATE": "two\nlines"}
    assert entries(stack) == before | values | given | {"APP_ENV_TAKEN": KEPT}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = {each["key"]: each["state"] for each in json.loads(first.stdout.splitlines()[-1])["secrets"]}
    assert told["APP_ENV_TAKEN"] == "is in .env with another value, which stays"
    assert told["APP_ENV_RETURNED"].startswith("was not written")
    assert "is in .env already" in again.stdout and "was written" not in again.stdout
    for text in (first.stdout, first.stderr, again.stdout, again.stderr):
        assert CANARY not in text and "sk_live" not in text
    assert stack.invoke("down").returncode == 0  # a server that runs removes files of its own while they are read
    holding = {each for each in stack.root.rglob("*") if each.is_file() and CANARY.encode() in each.read_bytes()}
    stack.up()
    assert holding == {file}


def ends(url: str) -> Endpoints:
    return Endpoints(supabase=Project(Secret(url)))


def test_a_database_without_a_vault_has_none(stack: WorkingCopy) -> None:
    assert not read.names(ends(stack.database_url("postgres")), Nothing(), lambda event: None).there


def test_a_vault_that_this_role_may_not_read_is_said_so(project: Source) -> None:
    url = project.url.replace("//postgres:", "//authenticator:", 1)
    with pytest.raises(SettingsError, match="authenticator may not read it"):
        read.values(ends(url), Nothing(), lambda event: None)


def test_a_value_is_no_part_of_how_an_answer_is_printed(planted: Source) -> None:
    found = read.values(ends(planted.url), Nothing(), lambda event: None)
    assert CANARY not in repr(found) and any(CANARY in (each.value or "") for each in found.secrets)
