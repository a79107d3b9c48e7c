"""What fails while `up` is at work ends it with its own exit code and the reason, and can be put right; data stays."""

from __future__ import annotations

import pytest

from tests.support.clone import Clone, assert_refused
from tests.support.containers import must, pause

pytestmark = pytest.mark.scenario


def test_a_migration_with_a_syntax_error_is_named_by_line_and_column_and_leaves_nothing(own: Clone):
    migration = own.root / "migrations" / "910_bad.up.sql"
    migration.write_text("CREATE TABLE before_the_error (n int);\nCREATE TABLE bad (n int,,);\n")
    assert_refused(own.invoke("up"), 5, "migrations/910_bad.up.sql:2:25")
    assert own.sql("SELECT to_regclass('before_the_error') IS NULL") == "t"
    migration.unlink()
    own.assert_right()


def test_an_app_that_crashes_at_start_ends_up_with_its_last_words(own: Clone):
    done = own.invoke("up", APP_COMMAND="python -c \"print('cannot go on'); raise SystemExit(3)\"")
    assert_refused(done, 6, "stays up", "cannot go on")
    own.assert_right()


@pytest.mark.parametrize(
    ("command", "words"),
    [("gunicorn main:app", "gunicorn: not found"), ("sh $PORT", "open 8000")],
    ids=["not in the image", "with the app's own variables"],
)
def test_a_command_that_fails_is_shown_with_what_its_shell_made_of_it(own: Clone, command: str, words: str):
    done = own.invoke("deploy", APP_COMMAND=command)
    assert_refused(done, 6, words, "an app that stays up", "undone: app-")
    own.assert_right()


def test_an_app_that_never_gets_ready_ends_up_with_its_last_answer(own: Clone):
    done = own.invoke("up", APP_READY_PATH="/nowhere", APP_BOOT_TIMEOUT="3", GATE_TIMEOUT="3")
    assert_refused(done, 6, "app", "404")
    own.assert_right()


def test_a_store_that_does_not_answer_in_time_ends_up_at_its_gate(own: Clone):
    network, store = f"{own.project}-local_data", own.id("postgres")
    must("network", "disconnect", network, store)
    try:
        assert_refused(own.invoke("up", GATE_TIMEOUT="3"), 4, "postgres gate", "no answer in 3 s")
    finally:
        must("network", "connect", "--alias", "postgres", network, store)
    own.assert_right()


def test_a_store_that_somebody_paused_is_resumed(own: Clone):
    before = own.ids()
    pause(own.id("postgres"))
    own.assert_right()
    assert own.ids() == before


def test_data_that_another_setting_does_not_read_is_refused_before_anything_is_stopped(own: Clone):
    before = own.ids()
    done = own.invoke("up", REDIS="valkey")
    words = (
        f"{own.project}-local_redis",
        "that of REDIS=redis, which REDIS=valkey does not read",
        "nothing was changed",
    )
    assert_refused(done, 9, *words)
    assert own.ids() == before
    own.assert_right()


def test_a_file_of_redis_damaged_in_its_middle_is_told_in_its_own_words_and_is_mended_as_the_docs_say(own: Clone):
    volume, image = f"{own.project}-local_redis", must("inspect", "--format", "{{.Config.Image}}", own.id("redis"))
    inside = ("run", "--rm", "--interactive", "--volume", f"{volume}:/data", "--entrypoint")
    must("stop", own.id("redis"))
    must(
        *inside,
        "sh",
        image,
        "-c",
        "printf '*3xxx' | dd of=$(ls /data/appendonlydir/*.incr.aof) bs=1 seek=30 conv=notrunc",
    )
    done = own.invoke("up")
    assert_refused(done, 4, "redis keeps crashing", "Bad file format reading the append only file", "its data is kept")
    must(*inside, "redis-check-aof", image, "--fix", "/data/appendonlydir/appendonly.aof.manifest", stdin="y\n")
    own.assert_right()


def test_another_postgres_password_than_that_of_the_volume_is_explained_and_loses_nothing(own: Clone):
    done = own.invoke("up", POSTGRES_PASSWORD="another" * 4)
    assert_refused(done, 4, "POSTGRES_PASSWORD", "password that its volume was made with")
    assert "another" * 4 not in done.text
    own.assert_right()


def test_a_template_that_does_not_render_stops_up_before_anything_is_touched(own: Clone):
    file = own.root / ".slipway" / "local" / "compose" / "local.yaml"
    before, rendered = own.ids(), file.read_text()
    template = own.root / "templates" / "services" / "redis.yaml.j2"
    whole = template.read_text()
    template.write_text(whole + "{% if %}\n")
    done = own.invoke("up")
    template.write_text(whole)
    assert_refused(done, 2, "redis.yaml.j2")
    assert (own.ids(), file.read_text()) == (before, rendered)
    own.assert_right()
