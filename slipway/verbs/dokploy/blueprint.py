"""`dokploy.blueprint`: the stack as a template of Dokploy, with secrets of its own, as a folder or as text to import."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from slipway.config import envfile
from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack import model
from slipway.stack.dokploy import blueprint
from slipway.stack.dokploy.template_source import compose_file
from slipway.stack.model import Stack
from slipway.system import disk, git, inherited

# What Compose fills in; $$ is a dollar and begins nothing.
VARIABLE = re.compile(r"\$\$|\$\{([A-Za-z_]\w*)", re.ASCII)
OURS = "SLIPWAY_"  # has a default wherever it stands
PRIVATE = {blueprint.TEMPLATE: 0o600}


def run(on: str, reporter, into: str = "", base64: bool = False) -> None:
    """Writes the folder DIR/PROJECT, or with `base64` prints the text of an import and writes nothing.

    Each run makes new secrets. Raises SettingsError for the local environment, and for a folder that cannot be written.
    """
    settings = envfile.parse(ROOT, on, os.environ)
    if settings.local:
        raise SettingsError("--on", on, "an environment for a server", "./invoke dokploy.blueprint --on production")
    if base64 and into:
        raise SettingsError("--into", "--base64 beside it, which writes nothing", "one of them", "leave one out")
    stack = model.build(settings)
    compose, domains = compose_file(stack, ROOT)
    environment = values(compose)
    made = blueprint.files(about(stack), compose, domains, environment)
    if base64:
        text = blueprint.import_form(made)
        reporter.done(text, base64=text)
        return
    folder = (inherited.path_of(into) if into else ROOT / ".slipway/blueprints") / settings.project
    write(folder, made)
    tell(reporter, folder, environment)


def values(compose: str) -> dict[str, str]:
    """The environment that a compose file asks for: new secrets of ours; what only its owner knows is left empty."""
    fresh = envfile.fresh_secrets()
    names = dict.fromkeys(found[1] for found in VARIABLE.finditer(compose) if found[1])
    return {name: fresh.get(name, "") for name in names if not name.startswith(OURS)}


def about(stack: Stack) -> blueprint.About:
    settings, kept = stack.settings, tuple(service.name for service in stack.stores)
    tag = settings.app_image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    return blueprint.About(
        name=settings.project,
        version=tag or git.of(ROOT) or "1",
        description=f"{settings.project} with its own {', '.join(kept)}" if kept else settings.project,
        tags=("self-hosted", *kept),
    )


def write(folder: Path, made: Mapping[str, str]) -> None:
    """Writes each file whole; the one with the secrets for its owner alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in made.items():
            disk.replace(folder / name, text, PRIVATE.get(name, 0o644))
    except OSError as error:
        raise SettingsError(
            "--into",
            f"{error.filename or folder}: {error.strerror}",
            "a directory with room that may be written",
            f"df -h . ; ls -ld {folder}",
        ) from None


def tell(reporter, folder: Path, environment: Mapping[str, str]) -> None:
    empty = [name for name, value in environment.items() if not value]
    if empty:
        reporter.line(f"Left empty, for you to fill in once it is in Dokploy: {', '.join(empty)}.")
    made = len(environment) - len(empty)
    reporter.done(
        f"Wrote {folder} with {made} new secrets in {blueprint.TEMPLATE}. Whoever has the folder has them: for a registry"
        " or an import of your own, never for a public one. Each run makes others.",
        folder=str(folder),
        secrets=made,
        empty=empty,
    )
