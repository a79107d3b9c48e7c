"""examples/hono as a reader finds it: its table of variables, its lock, and what its image is made of."""

from __future__ import annotations

import json
import re

from tests.support.other_app import HERE

README = (HERE / "README.md").read_text()


def variables_of(text: str) -> set[str]:
    """The variables in the first column of the table that has a column for defaults."""
    table = text.split("| variable | default | what |\n")[1].split("\n\n")[0]
    return {name for row in table.splitlines() for name in re.findall(r"`([A-Z0-9_]+)`", row.split("|")[1])}


def test_the_table_has_every_variable_that_is_read_and_no_other():
    source = (HERE / "src/settings.js").read_text()
    read = set(re.findall(r"\benv\.([A-Z0-9_]+)", source)) | set(re.findall(r"'([A-Z][A-Z0-9_]+)'", source))
    assert variables_of(README) == read


def test_every_file_of_the_service_is_in_the_table_of_its_layout():
    files = {"server.js", *(f"src/{path.name}" for path in (HERE / "src").glob("*.js"))}
    assert files == set(re.findall(r"`((?:src/)?\w+\.js)`", README.split("## How it is laid out")[1]))


def test_the_lock_is_of_these_packages_each_with_a_hash_and_names_no_registry():
    package, lock = (json.loads((HERE / name).read_text()) for name in ("package.json", "package-lock.json"))
    packages = dict(lock["packages"])
    assert packages.pop("")["dependencies"] == package["dependencies"]
    assert packages and all(each["integrity"] and "resolved" not in each for each in packages.values())
    assert all(re.fullmatch(r"[\d.]+", version) for version in package["dependencies"].values())


def test_its_image_takes_every_file_that_the_service_has_and_no_address():
    recipe = (HERE / "Dockerfile").read_text()
    assert "COPY package.json server.js ./" in recipe and "COPY src src" in recipe
    assert not re.search(r"^#\s*syntax=|https?://(?!127\.0\.0\.1)", recipe, re.MULTILINE)
