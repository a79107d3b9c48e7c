"""The migrations and fixtures of this bundle: up, down and up again, what moves, and what a rehearsal says of them."""

from __future__ import annotations

import pytest

from slipway.data.postgres import catalog
from tests.embedded.data.conftest import Stack
from tests.support.policies import ROOT, with_our_files

LAST = max(int(path.name.split("_")[0]) for path in (ROOT / "migrations").glob("*.up.sql"))


def picture(made: Stack) -> catalog.Snapshot:
    with made.connect("migrate") as conn:
        return catalog.snapshot(conn)


@pytest.fixture
def ours(stack) -> Stack:
    return with_our_files(stack)


def test_each_file_goes_up_and_down_and_up_to_the_same_catalog(ours) -> None:
    pictures = {}
    for version in range(1, LAST + 1):
        ours.run("migrate", {"to": version})
        pictures[version] = picture(ours)
    for version in range(LAST - 1, 0, -1):
        ours.run("goto", {"version": version})
        assert catalog.difference(pictures[version], picture(ours)) == [], version
    ours.run("migrate")
    assert catalog.difference(pictures[LAST], picture(ours)) == []
    assert ours.run("roles")["changed"] == []


def test_the_linter_has_nothing_to_say_of_them_but_that_a_column_is_new(ours) -> None:
    found = ours.run("lint", {"all": True})["findings"]
    assert [(each["file"], each["rule"], each["level"]) for each in found] == [
        ("migrations/006_row_security.up.sql", "compatible-changes-result", "advice")
    ]


ANN, BOB = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
BEFORE = f"""
INSERT INTO users (id, email, created_at, updated_at) VALUES
    ('{ANN}', 'Ann@Example.org', '2025-01-01', '2025-02-01'), ('{BOB}', 'bob@example.org', '2025-03-01', '2025-04-01');
INSERT INTO profiles (user_id, display_name) VALUES ('{ANN}', 'Ann'), ('{BOB}', 'Bob');
INSERT INTO tasks (user_id, title) VALUES ('{ANN}', 'one'), ('{ANN}', 'two'), ('{BOB}', 'three');
INSERT INTO storage_objects (owner_id, bucket, key, size, etag) VALUES ('{ANN}', 'files', 'a', 1, 'e');
"""
KEYS = """
SELECT conrelid::regclass::text, confrelid::regclass::text, confdeltype::text, convalidated FROM pg_constraint
WHERE contype = 'f' AND conrelid IN ('profiles'::regclass, 'tasks'::regclass) ORDER BY 1
"""
OBJECTS = """
SELECT bucket_id, name, owner_id, (metadata ->> 'size')::int, metadata ->> 'eTag', metadata ->> 'mimetype' FROM storage.objects
"""
COUNTS = "SELECT (SELECT count(*) FROM profiles), (SELECT count(*) FROM tasks), (SELECT count(*) FROM storage_objects)"


@pytest.fixture
def with_people(ours) -> Stack:
    """As the release before left it, with two users."""
    ours.run("migrate", {"to": 4})
    with ours.connect("migrate") as conn:
        conn.execute(BEFORE)
    return ours


def rows(made: Stack, query: str, part: str = "migrate") -> list[tuple]:
    with made.connect(part) as conn:
        return conn.execute(query).fetchall()


def test_people_and_their_keys_move_to_the_logins_and_back(with_people) -> None:
    before = rows(with_people, "SELECT id, created_at, updated_at FROM users ORDER BY id"), rows(with_people, COUNTS)
    with_people.run("migrate")
    found = rows(
        with_people, "SELECT id, email, aud, role, email_confirmed_at = created_at, encrypted_password FROM auth.users"
    )
    assert sorted((str(key), *more) for key, *more in found) == [
        (ANN, "ann@example.org", "authenticated", "authenticated", True, None),
        (BOB, "bob@example.org", "authenticated", "authenticated", True, None),
    ]
    assert rows(with_people, "SELECT DISTINCT provider, provider_id = user_id::text FROM auth.identities") == [
        ("email", True)
    ]
    assert rows(with_people, KEYS) == [
        ("profiles", "auth.users", "c", True),
        ("tasks", "auth.users", "c", True),
    ]
    assert rows(with_people, OBJECTS) == [("files", "a", ANN, 1, '"e"', "application/octet-stream")]
    with_people.run("goto", {"version": 4})
    after = rows(with_people, "SELECT id, created_at, updated_at FROM users ORDER BY id"), rows(with_people, COUNTS)
    assert after == before
    assert rows(with_people, "SELECT email FROM users ORDER BY 1") == [("ann@example.org",), ("bob@example.org",)]


def test_a_user_without_an_address_of_their_own_gets_one_on_the_way_back(with_people) -> None:
    with_people.run("migrate")
    with with_people.connect("migrate") as conn:
        conn.execute(
            "INSERT INTO auth.users (id, phone, is_anonymous) VALUES (gen_random_uuid(), '+7900', false), "
            "(gen_random_uuid(), NULL, true); INSERT INTO auth.users (id, email, is_sso_user) "
            "VALUES (gen_random_uuid(), 'bob@example.org', true)"
        )
    with_people.run("goto", {"version": 4})
    found = [email for (email,) in rows(with_people, "SELECT email FROM users")]
    assert len(found) == 5 and sum(email.endswith("@users.invalid") for email in found) == 3
    assert rows(with_people, f"SELECT email FROM users WHERE id = '{BOB}'") == [("bob@example.org",)]


def test_the_release_before_works_before_and_after_with_its_own_setting(with_people) -> None:
    """As app/ of that release does it: as the app's role by itself, with app.user_id."""
    for version in (4, *range(5, LAST + 1)):
        with_people.run("migrate", {"to": version})
        with with_people.connect("app") as conn, conn.transaction():
            conn.execute("SELECT set_config('app.user_id', %s, true)", [ANN])
            made = conn.execute("INSERT INTO tasks (user_id, title) VALUES (%s, 'x') RETURNING id", [ANN]).fetchone()
            assert conn.execute("DELETE FROM tasks WHERE id = %s", made).rowcount == 1
            assert conn.execute("SELECT count(*) FROM tasks").fetchone() == (2,)


def test_a_rehearsal_finds_that_every_way_back_is_exact(with_people) -> None:
    found = with_people.run("rehearse")
    assert found["ok"], found
    assert len(found["files"]) == LAST - 4
    assert with_people.run("drift")["differences"] == []


def test_fixtures_are_loaded_and_the_demo_user_has_the_password_of_the_documentation(ours) -> None:
    import bcrypt

    ours.run("migrate")
    ours.run("fixtures")
    ((stored,),) = rows(ours, "SELECT encrypted_password FROM auth.users WHERE email = 'demo@example.org'")
    assert bcrypt.checkpw(b"demo-password-2026", stored.encode())
    assert rows(ours, "SELECT count(*) FROM tasks") == [(6,)]
    assert rows(ours, "SELECT provider FROM auth.identities") == [("email",)]


def test_a_stack_that_has_the_demo_user_of_before_gets_the_password_with_the_next_load(ours) -> None:
    ours.run("migrate", {"to": 4})
    new = (ours.folder / "fixtures" / "001_demo.sql").read_text()
    demo = "00000000-0000-4000-8000-000000000001"
    ours.fixture("001_demo.sql", f"INSERT INTO users (id, email) VALUES ('{demo}', 'demo@example.org')")
    ours.run("fixtures")
    ours.fixture("001_demo.sql", new)
    ours.run("migrate")
    assert ours.run("observe")["problems"] == []
    ours.run("fixtures")
    found = rows(ours, "SELECT id::text, encrypted_password LIKE '$2a$10$%' FROM auth.users")
    assert found == [(demo, True)] and rows(ours, "SELECT count(*) FROM auth.identities") == [(1,)]
    # Another password stays, whatever is loaded again.
    with ours.connect("migrate") as conn:
        conn.execute("UPDATE auth.users SET encrypted_password = 'chosen'")
    ours.fixture("001_demo.sql", new + "\n-- edited")
    ours.run("fixtures")
    assert rows(ours, "SELECT encrypted_password FROM auth.users") == [("chosen",)]
