"""Both APIs of a move, and Ada, who asks them: the stack's app, and another that works on the project's own database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support.backend_process import app_process, send
from tests.support.postman import ask, auth, collection
from tests.support.supabase.passwords import KNOWN
from tests.support.supabase.source import Source
from tests.support.waiting import until
from tests.support.working_copy import WorkingCopy

ADA = next(each for each in KNOWN if each.email == "ada@example.org")
FIRST = "pm.environment.set('first', pm.response.json().items[0].name);"
QUESTIONS = collection(
    ask("buckets", "/api/v1/storage/buckets"),
    ask("objects", "/api/v1/storage/objects/profile_images", FIRST),
    ask("bytes", "/api/v1/storage/objects/profile_images/{{first}}"),
    ask("settings", "/auth/v1/settings", auth={"type": "noauth"}),
    auth=auth("bearer", token="{{token}}"),
)
# What a login changes; a hash of bcrypt gives way to one of argon2.
CHANGED = "last_sign_in_at, updated_at, encrypted_password"


@contextmanager
def app_beside(project: Source, stack: WorkingCopy, folder: Path) -> Iterator[str]:
    """The address of an app on the project's database, as the role that the platform's API has."""
    log, spec = folder / "app.log", stack.spec()
    database = project.url.replace("//postgres:", "//authenticator:", 1)
    env = {**spec["env"], "DATABASE_URL": database, "HOST": "127.0.0.1", "PORT": "0"}
    process = app_process(spec["argv"][0], env, log)
    try:
        yield until(lambda: re.search(r'listening on (http://[^\s"]+)', log.read_text()), "the app's address")[1]
    finally:
        process.kill()
        process.wait()


def sign_in(project: Source, stack: WorkingCopy) -> str:
    """An access token of Ada's, by a login that leaves no trace in the stack's database."""
    given = {"email": ADA.email, "password": ADA.password}
    told = send(stack.url, "POST", "/auth/v1/token?grant_type=password", given)
    forget_logins(project, stack)
    return told.body["access_token"]


def forget_logins(project: Source, stack: WorkingCopy) -> None:
    """Makes Ada's row in the stack what it is in the project."""
    row = f"select {CHANGED} from auth.users where email = %s"
    change = f"update auth.users set ({CHANGED}) = (%s, %s, %s) where email = %s"
    with project.connect() as team, psycopg.connect(stack.database_url("postgres"), autocommit=True) as conn:
        conn.execute("set session_replication_role = replica")
        conn.execute(change, [*team.execute(row, [ADA.email]).fetchone(), ADA.email])
