"""`render`: templates to compose/, or the proof that nobody forgot to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from slipway.config import envfile
from slipway.config.settings import LOCAL
from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack import model, render


def run(on: str, reporter, check: bool = False) -> None:
    """Renders an environment, which needs no secret; the local one brings production along, on Docker and on Dokploy.

    With `check` nothing is written, and a difference is a SettingsError that shows it.
    """
    rendered = {}
    for name, environ in wanted(on):
        rendered |= render.files(model.build(envfile.parse(ROOT, name, environ)), ROOT)
    directory = ROOT / "compose"
    if check:
        if difference := render.stale(rendered, directory):
            reporter.line(difference.rstrip("\n"))
            raise SettingsError(
                "compose/",
                "files that the templates and settings no longer give",
                "what ./invoke render writes",
                "./invoke render",
            )
        reporter.done(f"{', '.join(sorted(rendered))}: as the templates and settings give them.")
        return
    changed = render.write(rendered, directory)
    reporter.done(f"Wrote {', '.join(f'compose/{name}' for name in changed)}." if changed else "Nothing to write.")


def wanted(on: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The environments to render, each with the variables that decide over it."""
    yield on, os.environ
    if on == LOCAL:
        yield "production", os.environ
        # Whatever of production's own settings is not for Dokploy.
        yield (
            "production",
            os.environ | {"ENGINE": "dokploy", "DOMAIN": "example.com", "PITR": "false", "HTTPS_PORT": "443"},
        )
