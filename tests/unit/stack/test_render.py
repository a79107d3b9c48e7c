"""Rendered files: the committed ones, determinism, no secret in them, and text that cannot break out of YAML."""

from __future__ import annotations

import shutil
import string
import tomllib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from slipway.config.settings import Settings
from slipway.environment import ROOT
from slipway.errors import EngineError, SettingsError
from slipway.stack import model, render
from tests.unit.conftest import SECRETS, settings_of

ANY_TEXT = st.text(
    st.one_of(
        st.sampled_from("\"'#$\\{}:,[]&*!|>%@`\n\r\t \0\x85\u2028\u2029\ufeff\x7f\x1b\ud800\U0001f600é%-?"),
        st.characters(),
    ),
    max_size=40,
)


def text_of(settings: Settings) -> str:
    return render.files(model.build(settings), ROOT)[f"{settings.environment}.yaml"]


def all_of(settings: Settings) -> str:
    return "\n".join(render.files(model.build(settings), ROOT).values())


def parsed(settings: Settings) -> dict:
    return yaml.load(text_of(settings), yaml.CSafeLoader)


@pytest.mark.parametrize("environment", ["local", "production"])
def test_the_committed_file_is_what_the_defaults_render(environment):
    rendered = render.files(model.build(Settings(environment=environment)), ROOT)
    assert render.stale(rendered, ROOT / "compose") == ""


def test_rendering_is_deterministic_and_needs_no_secret():
    assert all_of(settings_of()) == all_of(settings_of()) == all_of(Settings())


@pytest.mark.parametrize("provider", ["minio", "rustfs", "garage", "rclone"])
@pytest.mark.parametrize("environment", ["local", "production"])
def test_no_secret_is_in_a_rendered_file(provider, environment):
    key = {"s3_access_key": "GK" + "5ec" * 8} if provider == "garage" else {}
    text = all_of(settings_of(environment=environment, s3_provider=provider, app_env={"TOKEN": "5ecreT-token"}, **key))
    assert "5ecreT" not in text and "5ec5ec" not in text


def test_an_external_database_url_is_not_in_a_rendered_file():
    values = {
        "postgres": "external",
        "database_url": "postgresql://u:5ecreT-url@db/x",
        "migrate_database_url": "postgresql://m:5ecreT-m@db/x",
    }
    assert "5ecreT" not in all_of(settings_of(**values))


@given(st.text(f"{string.ascii_letters}{string.digits}._~-", min_size=16), st.sampled_from(sorted(SECRETS)))
def test_no_value_of_a_secret_changes_the_rendered_file(value, key):
    assert all_of(settings_of(**{key.lower(): value})) == all_of(settings_of())


@given(ANY_TEXT)
def test_any_text_is_quoted_so_that_yaml_reads_it_back_or_refused(text):
    try:
        quoted = render.quote(text)
    except SettingsError:
        assert "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)
        return
    assert "\n" not in quoted and yaml.safe_load(quoted) == text


@given(ANY_TEXT)
@pytest.mark.parametrize("provider", ["minio", "rustfs", "garage"])
def test_free_text_survives_the_rendered_file_with_dollars_doubled(provider, text):
    try:
        settings = settings_of(
            app_command=text, s3_region=text or "x", s3_provider=provider, s3_access_key="GK" + "0" * 24
        )
        services = parsed(settings)["services"]
    except SettingsError:
        return
    if text:
        assert services["app-blue"]["command"] == ["sh", "-c", f"exec {text}".replace("$", "$$")]
        assert f"S3_REGION={text}".replace("$", "$$") in services["app-green"]["environment"]


@given(ANY_TEXT.filter(bool))
def test_free_text_survives_the_configuration_of_garage(text):
    try:
        document = parsed(settings_of(s3_region=text, s3_provider="garage", s3_access_key="GK" + "0" * 24))
    except SettingsError:
        return
    configuration = tomllib.loads(document["configs"]["garage"]["content"].replace("$$", "$"))
    assert configuration["s3_api"]["s3_region"] == text


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), ANY_TEXT.filter(bool), max_size=3))
def test_the_apps_own_environment_is_references_whatever_it_holds(own):
    told = parsed(settings_of(app_env=own))["services"]["app-blue"]["environment"]
    for key in own:
        assert f"{key}=${{APP_ENV_{key}:?APP_ENV_{key} is not set; ./invoke up sets it}}" in told


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
def test_what_no_yaml_file_holds_is_refused(text):
    with pytest.raises(SettingsError):
        text_of(settings_of(app_command=text))


# what a template says -> where the error points, what it says
BROKEN = {
    "syntax": (
        "services/redis.yaml.j2",
        "first\n{% if %}\n",
        "templates/services/redis.yaml.j2:2",
        "Expected an expression",
    ),
    "unknown name": (
        "services/redis.yaml.j2",
        "first\nsecond\n{{ nobody.knows }}\n",
        "templates/services/redis.yaml.j2:3",
        "'nobody' is undefined",
    ),
    "wrong type": (
        "services/app.yaml.j2",
        "{{ 1 + 'a' }}\n",
        "templates/services/app.yaml.j2:1",
        "unsupported operand",
    ),
    "missing": (
        "services/app.yaml.j2",
        "\n{% include 'nowhere.j2' %}\n",
        "templates/services/app.yaml.j2:2",
        "nowhere.j2",
    ),
    "at the top": ("local.yaml.j2", "{{ s.nothing }}", "templates/local.yaml.j2:1", "has no attribute 'nothing'"),
}


@pytest.mark.parametrize(("name", "content", "where", "found"), BROKEN.values(), ids=BROKEN)
def test_a_template_that_does_not_render_is_named_with_its_line(tmp_path, name, content, where, found):
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    (tmp_path / "templates" / name).write_text(content)
    with pytest.raises(SettingsError) as caught:
        render.files(model.build(settings_of()), tmp_path)
    assert caught.value.where == where and found in caught.value.found
    assert caught.value.next == f"edit {where.rsplit(':', 1)[0]}, then ./invoke render"


def test_only_what_changed_is_written(tmp_path):
    directory = tmp_path / "compose"
    assert render.write({"a.yaml": "1\n", "b.yaml": "1\n"}, directory) == ["a.yaml", "b.yaml"]
    assert render.write({"a.yaml": "1\n", "b.yaml": "2\n"}, directory) == ["b.yaml"]
    assert sorted(path.name for path in directory.iterdir()) == ["a.yaml", "b.yaml"]
    assert render.write({"a.yaml": "1\n", "b.yaml": "2\n"}, directory) == []


def test_what_is_stale_is_shown_as_a_diff(tmp_path):
    (tmp_path / "a.yaml").write_text("old\n")
    difference = render.stale({"a.yaml": "new\n"}, tmp_path)
    assert "-old\n+new\n" in difference and "compose/a.yaml (written)" in difference
    assert render.stale({"a.yaml": "old\n"}, tmp_path) == ""


def test_a_written_file_that_is_not_text_is_stale_and_replaced(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe")
    assert render.stale({"a.yaml": "new\n"}, tmp_path)
    assert render.write({"a.yaml": "new\n"}, tmp_path) == ["a.yaml"] and (tmp_path / "a.yaml").read_text() == "new\n"


def test_a_file_in_place_of_the_directory_is_one_sentence(tmp_path):
    (tmp_path / "compose").write_text("")
    with pytest.raises(EngineError) as caught:
        render.write({"a.yaml": "1\n"}, tmp_path / "compose")
    assert caught.value.where == str(tmp_path / "compose") and caught.value.next
