"""`init`: a settings file with secrets that nobody has to invent."""

from __future__ import annotations

from slipway.config import envfile
from slipway.environment import ROOT


def run(on: str, reporter) -> None:
    """Writes `.env` or `.env.NAME` with mode 0600; an existing file is left as it is."""
    path = envfile.path_of(ROOT, on)
    if envfile.write_fresh(path):
        reporter.done(f"Wrote {path.name} with fresh random secrets (mode 0600).", path=path.name)
    else:
        reporter.done(f"{path.name} exists; nothing was changed.", path=path.name)
