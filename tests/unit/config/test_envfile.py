"""`.env` files: what is written parses back, nobody's file is overwritten, and the example is the schema."""

from __future__ import annotations

import errno
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.config import envfile
from slipway.config.credentials import required_secrets, secrets_of
from slipway.config.settings import Settings
from slipway.environment import ROOT


def test_the_committed_example_is_what_the_schema_says():
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == envfile.example()


def test_the_example_names_every_key_with_its_description():
    text = envfile.example()
    for key, field in envfile.KEYS.items():
        assert f"\n#{key}=" in text and field.description in text


def test_the_example_parses_to_the_defaults(tmp_path):
    (tmp_path / ".env").write_text(envfile.example())
    assert envfile.parse(tmp_path, "local", {}) == Settings()


def test_the_example_with_every_line_uncommented_is_accepted_too(tmp_path):
    lines = [
        line[1:] if line.startswith("#") and line[1:2].isupper() and "=" in line.split()[0] else line
        for line in envfile.example().splitlines()
    ]
    (tmp_path / ".env").write_text("\n".join(lines))
    assert envfile.parse(tmp_path, "local", {}).app_memory == 512 * 2**20


@pytest.mark.parametrize("on", ["local", "staging", "production"])
def test_init_writes_a_file_that_loads_with_strong_distinct_secrets(tmp_path, on):
    path = envfile.path_of(tmp_path, on)
    assert envfile.write_fresh(path)
    settings = envfile.load(tmp_path, on, {})
    values = list(secrets_of(settings).values())
    assert settings.environment == on and set(required_secrets(settings)) <= set(secrets_of(settings))
    assert len(set(values)) == len(values) and min(map(len, values)) >= 24
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and not envfile.readable_by_others(path)


def test_two_inits_share_no_secret():
    assert not set(envfile.fresh_secrets().values()) & set(envfile.fresh_secrets().values())


def test_init_is_private_under_any_umask(tmp_path):
    before = os.umask(0)
    try:
        envfile.write_fresh(tmp_path / ".env")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_init_never_overwrites_a_file(tmp_path):
    path = tmp_path / ".env"
    path.write_text("PROJECT=mine\n")
    assert not envfile.write_fresh(path) and path.read_text() == "PROJECT=mine\n"


@pytest.mark.parametrize("exists", [True, False])
def test_init_never_writes_through_a_symlink(tmp_path, exists):
    target, path = tmp_path / "elsewhere", tmp_path / ".env"
    if exists:
        target.write_text("PROJECT=mine\n")
    path.symlink_to(target)
    assert not envfile.write_fresh(path)
    assert path.is_symlink() and (target.read_text() == "PROJECT=mine\n" if exists else not target.exists())


def test_a_full_disk_leaves_no_half_written_settings(tmp_path):
    """On a device that is always full, as Linux has it: the write itself fails, after the file was made."""
    path = tmp_path / ".env"
    real = os.open
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", lambda name, *rest: (os.close(real(name, *rest)), real("/dev/full", os.O_WRONLY))[1])
        with pytest.raises(OSError) as caught:
            envfile.write_fresh(path)
    assert caught.value.errno == errno.ENOSPC and not path.exists()


def test_the_process_environment_wins_over_the_file(load):
    environ = envfile.fresh_secrets() | {"APP_CONTEXT": "shell"}
    settings = load(b"APP_CONTEXT=file\nREDIS_PASSWORD=in-the-file\n", environ=environ)
    assert settings.app_context == "shell" and settings.redis_password.get_secret_value() != "in-the-file"


def test_strangers_in_the_process_environment_are_nobodys_business(load):
    environ = envfile.fresh_secrets() | {"PORJECT": "x", "PATH": "/bin", "LANG": "C"}
    assert load(b"", environ=environ).project == "slipway"


def test_an_empty_value_is_the_default(load):
    settings = load(b"PROJECT=\nAPP_MEMORY=\nAPP_ENV_UNSET=\nAPP_ENV_SET=1\n", environ=envfile.fresh_secrets())
    assert (settings.project, settings.app_memory, list(settings.app_env)) == ("slipway", 512 * 2**20, ["SET"])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("APP_COMMAND=serve --port 1", "serve --port 1"),
        ("APP_COMMAND='serve # not a comment'", "serve # not a comment"),
        ("APP_COMMAND=serve # a comment", "serve"),
        ('APP_COMMAND="serve \\"x\\""', 'serve "x"'),
        ("APP_COMMAND=$HOME/${USER}", "$HOME/${USER}"),
        ("export APP_COMMAND=serve", "serve"),
        ("APP_COMMAND='ünïcödé\U0001f600'", "ünïcödé\U0001f600"),
    ],
)
def test_values_are_literal(load, line, value):
    assert load(line.encode(), environ=envfile.fresh_secrets()).app_command == value


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbfPROJECT=shop\n", b"PROJECT=shop\r\nAPP_PORT=9000\r\n", b"PROJECT=shop"]
)
def test_files_of_other_editors_read_the_same(load, content):
    assert load(content, environ=envfile.fresh_secrets()).project == "shop"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r")))
def test_any_text_in_the_apps_environment_survives_single_quotes(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("env") / ".env"
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    path.write_text(f"APP_ENV_TEXT='{quoted}'\n", encoding="utf-8")
    assert envfile.read(path)["APP_ENV_TEXT"].value == text
