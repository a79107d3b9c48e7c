"""`render`: templates to compose/, or the proof that nobody forgot to."""

from __future__ import annotations

import os

from slipway.config import envfile
from slipway.config.settings import LOCAL
from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack import model, render


def run(on: str, reporter, check: bool = False) -> None:
    """Renders an environment, which needs no secret; the local one brings production's defaults along.

    With `check` nothing is written, and a difference is a SettingsError that shows it.
    """
    rendered = {}
    for name in (on, "production") if on == LOCAL else (on,):
        rendered |= render.files(model.build(envfile.parse(ROOT, name, os.environ)), ROOT)
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
