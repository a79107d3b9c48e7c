"""What a restore asks, refuses and plans, before it touches anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.data.restore import people, swap
from slipway.data.restore.interface import Differing, Kept, Looked, Migration, Source
from slipway.errors import SettingsError
from slipway.recovery import asked as restore_asked
from slipway.recovery import words as restore_words
from slipway.recovery.asked import Wish
from slipway.verbs import restore
from slipway.verbs.restore import Done
from tests.unit.release.test_up_plan import Machine, env

FOUND = Looked(
    "20261125T174035Z",
    "before the change",
    "2026-11-25T17:40:35Z",
    age_s=7980,
    environment="local",
    stack="slipway-local",
    database="slipway",
    objects=True,
    whole=("redis",),
    has_database=True,
    live="slipway",
    exact=True,
    tables=(),
    migrations=(),
    kept=(),
)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({}, "restore"),
        ({"backup": "a", "folder": "b"}, "restore"),
        ({"backup": "a", "only": "rows"}, "--only"),
        ({"backup": "a", "tables": "users"}, "restore"),
        ({"backup": "a", "schema_only": True}, "restore"),
        ({"backup": "a", "only": "objects", "into": "x"}, "--only objects"),
        ({"backup": "a", "only": "objects", "mask": "pyproject.toml"}, "--only objects"),
        ({"backup": "a", "only": "redis", "into": "x"}, "--only redis"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: dict, where: str):
    with pytest.raises(SettingsError) as caught:
        restore_asked.read_wish(**asked)
    assert caught.value.where == where and caught.value.next.startswith("./invoke ")


def test_tables_are_a_comma_list_and_empty_options_are_none():
    assert restore_asked.read_wish(backup="a", tables=' users, "x y".z ,', into="b", mask=None, only="") == Wish(
        backup="a", tables=("users", '"x y".z'), into="b"
    )


@pytest.mark.parametrize(
    ("wish", "values", "expected"),
    [
        (Wish(backup="a"), {}, ["restore the database", "roles", "statistics", "restore the objects"]),
        (Wish(backup="a", only="db"), {}, ["restore the database", "roles", "statistics"]),
        (Wish(backup="a", only="objects"), {}, ["restore the objects"]),
        (Wish(backup="a", only="redis"), {}, ["restore redis"]),
        (Wish(backup="a", into="b"), {}, ["restore the database"]),
        (
            Wish(backup="a"),
            {"postgres": "external", "database_url": "postgresql://u:5ecreT-url@db/x"},
            ["restore the database", "statistics", "restore the objects"],
        ),
    ],
)
def test_the_plan_has_a_step_for_what_was_asked_and_no_other(wish: Wish, values: dict, expected: list[str]):
    assert [step.name for step in restore.plan(env(**values), wish, Source("a"), FOUND, Done()).steps] == expected


@pytest.mark.parametrize(
    ("wish", "found", "missing"),
    [
        (Wish(backup="a"), {"has_database": False}, "database"),
        (Wish(backup="a", only="objects"), {"objects": False}, "objects"),
        (Wish(backup="a", only="redis"), {"whole": ()}, "copy of Redis"),
    ],
)
def test_a_backup_without_the_part_is_refused(wish: Wish, found: dict, missing: str):
    with pytest.raises(SettingsError, match=f"it holds no {missing}"):
        restore_asked.refuse_absent(wish, replace(FOUND, **found))


def test_redis_alone_says_that_all_of_it_goes_and_that_it_is_kept():
    (line,) = restore_words.question(env(Machine()), Wish(backup="a", only="redis"), FOUND)
    assert line.startswith("This replaces all that Redis of slipway-local holds") and line.endswith("is taken first.")


def test_a_backup_without_objects_restores_its_database():
    restore_asked.refuse_absent(Wish(backup="a"), replace(FOUND, objects=False))


def test_the_question_names_the_database_and_what_it_loses():
    found = replace(
        FOUND,
        tables=(
            Differing("public.users", 3000, 3001),
            Differing("public.t", None, 7),
            Differing("public.gone", 4, None),
        ),
        migrations=(Migration(5, "tags"),),
    )
    assert list(restore_words.question(env(Machine()), Wish(backup="a"), found)) == [
        'This replaces database slipway of slipway-local by backup 20261125T174035Z "before the change", 2 h 13 min old.',
        "What it has had since is lost:",
        "  public.users  3,001 rows now, 3,000 rows then",
        "  public.t      7 rows now, not there then",
        "  public.gone   not there now, 4 rows then",
        "  migration 5 tags: pending again afterwards",
        "Objects that are absent or others now are put back; those that are new stay.",
    ]


def test_another_stack_a_database_that_is_gone_and_what_is_kept_are_told():
    kept = (Kept("slipway_before_restore_1", 3 * 2**20),) * 2
    lines = list(restore_words.question(env(), Wish(backup="a", only="db"), replace(FOUND, kept=kept)))
    assert lines[-1] == "Earlier restores have kept 2 of it, 6.0 MB: ./invoke restore --drop-old"
    lines = list(
        restore_words.question(env(), Wish(backup="a", only="db"), replace(FOUND, stack="shop-production", live=None))
    )
    assert lines[0] == "20261125T174035Z is of another stack: shop-production"
    assert lines[-1] == "There is no database slipway now."


@pytest.mark.parametrize(
    ("content", "found"), [(None, "No such file"), (b"\xff\xfe", "not UTF-8"), (b"x" * 70000, "70,000 bytes")]
)
def test_a_mask_that_cannot_be_sent_is_refused(tmp_path: Path, content: bytes | None, found: str):
    path = tmp_path / "mask.sql"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=found):
        restore_asked.read_wish(backup="a", mask=str(path))


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({"backup": "latest"}, ""),
        (
            {"backup": "latest", "only": "redis", "drop_old": True, "into": None, "tables": ""},
            " --only redis --drop-old",
        ),
        ({"folder": "/tmp/my backup", "drop_old": True}, " --from-dir '/tmp/my backup' --drop-old"),
    ],
)
def test_what_was_asked_for_can_be_typed_again(asked: dict, options: str):
    assert restore_asked.read_wish(**asked).options == options


def test_roles_are_found_wherever_a_dump_names_them():
    script = r'''
ALTER TABLE public.users OWNER TO shop_owner;
ALTER SCHEMA "Lager Süd" OWNER TO "Chef; ""Süd""";
GRANT SELECT(name) ON TABLE public.users TO analyst;
REVOKE ALL ON FUNCTION public.f() FROM PUBLIC;
GRANT ALL ON SCHEMA public TO boss WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA public GRANT SELECT ON TABLES TO reader;
CREATE POLICY own ON public.t FOR SELECT TO one, "two 2" USING ((a = 1));
CREATE POLICY all_of ON public.t USING (true);
ALTER ROLE known IN DATABASE shop SET work_mem TO '1MB';
GRANT pg_read_all_data TO nobody_in_a_dump
'''
    assert people.named_roles(script) == {
        "shop_owner",
        'Chef; "Süd"',
        "analyst",
        "boss",
        "maker",
        "reader",
        "one",
        "two 2",
        "known",
    }


def test_what_the_database_was_told_is_told_to_the_new_one():
    script = """
ALTER DATABASE shop SET work_mem TO '7MB';
ALTER ROLE "a b" IN DATABASE shop SET statement_timeout TO '9s';
COMMENT ON DATABASE shop IS 'ours';
REVOKE CONNECT,TEMPORARY ON DATABASE shop FROM PUBLIC;
GRANT CONNECT ON DATABASE shop TO shop_app;
ALTER DATABASE shopping SET work_mem TO '1MB';
CREATE DATABASE shop WITH TEMPLATE = template0;
"""
    assert swap.properties(script, "shop", '"new 1"') == [
        "ALTER DATABASE \"new 1\" SET work_mem TO '7MB';",
        'ALTER ROLE "a b" IN DATABASE "new 1" SET statement_timeout TO \'9s\';',
        "COMMENT ON DATABASE \"new 1\" IS 'ours';",
        'REVOKE CONNECT,TEMPORARY ON DATABASE "new 1" FROM PUBLIC;',
        'GRANT CONNECT ON DATABASE "new 1" TO shop_app;',
    ]
    assert swap.properties("", "shop", "neu") == ["GRANT CONNECT, TEMPORARY ON DATABASE neu TO PUBLIC;"]


@pytest.mark.parametrize("live", ["x" * 63, "ü" * 31, "shop"])
def test_the_old_name_fits_for_the_longest_name_and_for_any_letters(live: str):
    class Nothing:
        def execute(self, *query):
            return []

    assert len(swap.old_name(Nothing(), live).encode()) <= 63
