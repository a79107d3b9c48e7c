"""What the bundle builds: tags follow the inputs, builds get what they need, and secrets leave no trace."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from slipway.errors import EngineError, SettingsError
from slipway.stack import built, images, model
from tests.unit.conftest import settings_of

ROOT = Path(__file__).parents[3]
REGISTRY, DEBIAN = settings_of(images="registry"), settings_of(images="debian")
FOLDERS = ("base", "python", "postgres", "redis", "gateway", "objects", "ops")


@pytest.fixture
def root(tmp_path) -> Path:
    """A small bundle with every input of every image."""
    for name in FOLDERS:
        write(tmp_path / "images" / name / "Dockerfile", f"FROM {name}")
    write(tmp_path / "images/base/build", "#!/bin/sh")
    for name in ("requirements/ops.lock", "slipway/a.py", "migrations/001_a.up.sql", "fixtures/001_a.sql"):
        write(tmp_path / name, name)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def tags(root: Path, flavour: str = "redis") -> dict[str, str]:
    return {
        name: image.tag for name, image in images.catalogue(root, settings_of(images="debian", redis=flavour)).items()
    }


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_debian_builds_every_service_and_registry_builds_ops_alone(root):
    assert sorted(images.catalogue(root, DEBIAN)) == sorted(FOLDERS)
    assert list(images.catalogue(root, REGISTRY)) == ["ops"]
    assert images.catalogue(root, REGISTRY)["ops"].args == (("BASE", "postgres:18-trixie"),)
    assert images.catalogue(root, REGISTRY)["ops"].needs == ()


@pytest.mark.parametrize("source", ["registry", "debian"])
def test_an_archived_postgres_is_an_image_of_ours_and_ops_stands_on_it(root, source):
    write(root / "images/pitr/Dockerfile", "FROM pitr")
    write(root / "app/Dockerfile", "FROM app")
    known = built.for_stack(model.build(settings_of(pitr=True, images=source, environment="production")), root)
    assert known["ops"].needs == (known["postgres"].tag,)
    assert ("BASE", "postgres:18-trixie") in known["postgres"].args or source == "debian"


def test_a_tag_names_the_image_and_twelve_hex_digits(root):
    assert all(re.fullmatch(rf"slipway/{name}:[0-9a-f]{{12}}", tag) for name, tag in tags(root).items())
    assert tags(root) == tags(root)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("images/base/build", set(FOLDERS)),
        ("images/python/Dockerfile", {"python", "objects"}),
        ("images/postgres/Dockerfile", {"postgres", "ops"}),
        ("images/gateway/Dockerfile", {"gateway"}),
        ("fixtures/001_a.sql", {"ops"}),
        ("requirements/ops.lock", {"ops"}),
        ("slipway/deep/new.py", {"ops"}),
        ("slipway/__pycache__/a.pyc", set()),
        ("app/main.py", set()),
    ],
)
def test_a_changed_input_gives_a_new_tag_to_what_is_built_from_it_and_to_nothing_else(root, path, expected):
    before = tags(root)
    write(root / path, "changed")
    assert changed(before, tags(root)) == expected


def test_the_executable_bit_and_the_name_of_a_file_are_inputs(root):
    before = tags(root)
    (root / "images/gateway/Dockerfile").chmod(0o755)
    executable = tags(root)
    (root / "fixtures/001_a.sql").rename(root / "fixtures/002_a.sql")
    assert changed(before, executable) == {"gateway"} and changed(executable, tags(root)) == {"ops"}


def test_valkey_is_another_tag_of_the_same_image(root):
    assert changed(tags(root), tags(root, "valkey")) == {"redis"}


def test_a_missing_input_is_named(root):
    (root / "requirements/ops.lock").unlink()
    with pytest.raises(SettingsError) as caught:
        images.catalogue(root, REGISTRY)
    assert caught.value.where == str(root / "requirements/ops.lock")


def test_an_image_is_built_after_what_it_stands_on(root):
    levels = images.in_order(reversed(images.catalogue(root, DEBIAN).values()))
    assert [{image.name for image in level} for level in levels] == [
        {"base"},
        {"python", "postgres", "redis", "gateway"},
        {"objects", "ops"},
    ]


def test_files_that_git_ignores_do_not_count_for_the_app(root):
    app = root / "app"
    write(app / "Dockerfile", "FROM x")
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    write(root / ".gitignore", "*.log\n")
    first = images.app_image(root, Path("app"), "slipway/python:1", "shop")
    write(app / "noise.log", "1")
    assert images.app_image(root, Path("app"), "slipway/python:1", "shop") == first
    write(app / "untracked.py", "1")
    assert images.app_image(root, Path("app"), "slipway/python:1", "shop").tag != first.tag


def test_the_app_is_tagged_by_project_and_base_where_there_is_no_git(tmp_path):
    write(tmp_path / "Dockerfile", "FROM x")
    image = images.app_image(Path("/elsewhere"), tmp_path, "slipway/python:1", "shop")
    assert image.tag.startswith("slipway/shop-app:") and image.needs == ("slipway/python:1",)
    official = images.app_image(Path("/elsewhere"), tmp_path, "python:3.13-slim", "shop")
    assert official.needs == () and official.tag != image.tag
    write(tmp_path / "main.py", "1")
    assert images.app_image(Path("/elsewhere"), tmp_path, "slipway/python:1", "shop").tag != image.tag


def test_an_app_without_a_dockerfile_is_refused_with_what_to_set(tmp_path):
    with pytest.raises(SettingsError) as caught:
        images.app_image(tmp_path, Path("app"), "x", "shop")
    assert caught.value.where == "APP_CONTEXT" and "no Dockerfile" in caught.value.found


def test_the_base_image_is_made_by_its_own_program(root):
    calls = []
    image = images.catalogue(root, DEBIAN)["base"]
    images.build(image, lambda argv, env: calls.append((argv, env)))
    assert calls == [([str(root / "images/base/build"), image.tag], None)]


def test_the_build_command_hands_over_arguments_and_secrets_by_file():
    args = (("BASE", "b"), ("FLAVOUR", "redis"))
    image = images.Image("redis", "slipway/redis:1", Path("/c"), Path("/c/Dockerfile"), args)
    assert images.build_command(image, {"ca": Path("/t/ca")}) == [
        "docker",
        "build",
        "--progress",
        "plain",
        "--tag",
        "slipway/redis:1",
        "--file",
        "/c/Dockerfile",
        "--build-arg",
        "BASE=b",
        "--build-arg",
        "FLAVOUR=redis",
        "--secret",
        "id=ca,src=/t/ca",
        "/c",
    ]


def docker_that(folder: Path, script: str, monkeypatch) -> None:
    program = write(folder / "bin/docker", f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def test_only_asked_tags_that_the_engine_lists_are_present(tmp_path, monkeypatch):
    docker_that(tmp_path, "echo slipway/a:1; echo slipway/other:1", monkeypatch)
    assert images.present(["slipway/a:1", "slipway/b:1"]) == {"slipway/a:1"}
    assert images.present([]) == set()


def test_an_engine_that_does_not_answer_is_an_engine_error_with_its_own_words(tmp_path, monkeypatch):
    docker_that(tmp_path, "echo 'Cannot connect to the Docker daemon' >&2; exit 1", monkeypatch)
    with pytest.raises(EngineError) as caught:
        images.present(["slipway/a:1"])
    assert caught.value.found == "Cannot connect to the Docker daemon"
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(EngineError):
        images.present(["slipway/a:1"])


@pytest.mark.parametrize("path", sorted(ROOT.glob("images/*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_recipe_needs_a_registry_to_be_parsed_or_names_a_package_index(path):
    assert not re.search(r"^#\s*syntax=|https?://", path.read_text(), re.MULTILINE)
