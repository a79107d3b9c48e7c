"""The documentation names what is there: pages and headings, tasks with their flags, settings; both languages one record."""

from __future__ import annotations

import re
import shlex

import pytest
from invoke.parser import Parser

import tasks
from slipway.config import envfile
from slipway.engine.dokploy import ends
from slipway.environment import ROOT

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("README*.md"), *ROOT.glob("docs/*.md")])
DOKPLOY = ("docs/dokploy.md", "docs/dokploy.ru.md")
SUPABASE = ("docs/supabase-exit.md", "docs/supabase-exit.ru.md")
CHECKED = (*DOKPLOY, "docs/your-app.md", *SUPABASE)
BLOCK = re.compile(r"(?ms)^```\w*\n(.*?)^```$")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
# Written into the environment of a service, and names of the machine.
OTHERS = {"COMPOSE_PROJECT_NAME", "DOCKER_CONFIG", "DB_PASSWORD"}
OF_AN_APP = {"REDIS_URL", "S3_BUCKET", "BACKEND_URL", "JWT_SECRET", "JWT_ISSUER"}


def text(page: str) -> str:
    return (ROOT / page).read_text()


def anchors(page: str) -> set[str]:
    """What headings are linked by, as GitHub makes it."""
    headings = re.findall(r"(?m)^#+ (.+)$", BLOCK.sub("", text(page)))
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: str):
    for path, anchor in LINK.findall(BLOCK.sub("", text(page))):
        target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target.relative_to(ROOT).as_posix()), f"{path}#{anchor}"


@pytest.mark.parametrize("page", CHECKED)
def test_every_command_that_is_typed_is_a_task_with_these_flags(page: str):
    parser = Parser(contexts=tasks.namespace.to_contexts())
    typed = re.findall(r"(?m)^\$ \./invoke (.+)$|`\./invoke ([^`]+)`", text(page))
    assert typed
    for words in filter(None, (word for pair in typed for word in pair)):
        (found,) = parser.parse_argv(shlex.split(words))
        assert found.name in parser.contexts, words


@pytest.mark.parametrize("page", CHECKED)
def test_every_setting_that_is_named_is_one(page: str):
    told = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`", text(page)))
    told -= {key for key in told if key.startswith(("SLIPWAY_", "APP_ENV_"))} | envfile.KEYS.keys()
    assert told <= OTHERS | OF_AN_APP


@pytest.mark.parametrize("pages", [DOKPLOY, SUPABASE])
def test_both_languages_show_the_same_records(pages: tuple[str, str]):
    english, russian = (BLOCK.findall(text(page)) for page in pages)
    assert russian and english[: len(russian)] == russian


@pytest.mark.parametrize("page", DOKPLOY)
def test_every_end_of_a_deployment_is_explained(page: str):
    for found, _ in ends.WORDS.values():
        assert found.split(",")[0].split(":")[0] in text(page), found
