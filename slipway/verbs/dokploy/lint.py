"""`dokploy.lint`: what Dokploy would change, refuse or break of a compose file and its `.env`, before it does."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from slipway.config.lines import read_text
from slipway.environment import ROOT
from slipway.errors import SettingsError, VerificationError
from slipway.stack.dokploy import lint
from slipway.stack.dokploy.lint import Finding
from slipway.stack.dokploy.rules import ADVICE, ERROR, WARNING
from slipway.system import inherited

KINDS = ("docker-compose", "stack")
SIZE = 2**20  # a compose file is a few thousand bytes


def run(on: str, reporter, file: str = "", env: str = "", kind: str = "", command: str = "", version: str = "") -> None:
    """Lints a compose file with its `.env`, or the rendered file of an environment; and a command, for a version.

    An error or a warning is a VerificationError (exit 8); advice alone is not.
    """
    if kind not in KINDS:
        raise SettingsError("--type", kind, " or ".join(KINDS), "--type stack")
    if file.startswith("-"):
        raise SettingsError("FILE", file, "a compose file, or none", "./invoke --help dokploy.lint")
    number = version_of(version)
    name = file or f"compose/{on}.yaml"
    compose = inherited.path_of(file) if file else ROOT / name
    beside = env or str(Path(name).parent / ".env")
    settings = inherited.path_of(beside)
    found = lint.lint_file(name, text_of(compose), kind == "stack")
    if read := bool(env) or (bool(file) and settings.is_file()):
        found += lint.lint_env(beside, text_of(settings))
    if command:
        found += lint.lint_command(command, number)
    tell(reporter, found, 1 + read)


def tell(reporter, found: list[Finding], files: int) -> None:
    for finding in found:
        reporter.line(f"  {finding.level:<8} {finding.file}:{finding.line}:{finding.column}  {finding.rule}")
        reporter.line(f"           {finding.message}")
        reporter.line(f"           {finding.help}")
    sums = [sum(each.level == level for each in found) for level in (ERROR, WARNING, ADVICE)]
    words = (("finding", len(found)), ("file", files), ("error", sums[0]), ("warning", sums[1]))
    total, read, errors, warnings = (f"{count} {word}{'' if count == 1 else 's'}" for word, count in words)
    reporter.done(
        f"{total} in {read} ({errors}, {warnings}, {sums[2]} advice).",
        findings=[asdict(each) for each in found],
        files=files,
    )
    serious = sorted((each for each in found if each.level != ADVICE), key=lambda each: each.level != ERROR)
    if serious:
        first = serious[0]
        raise VerificationError(
            f"{first.file}:{first.line}:{first.column}",
            first.message,
            "a stack that Dokploy leaves as it is",
            first.help,
        )


def version_of(text: str) -> tuple[int, ...]:
    """A version of Dokploy as numbers. Raises SettingsError for what is none."""
    if not re.fullmatch(r"v?\d{1,4}\.\d{1,4}\.\d{1,4}", text):
        raise SettingsError("--version", text, "a version of Dokploy, such as 0.30.2", "--version 0.30.2")
    return tuple(int(part) for part in text.removeprefix("v").split("."))


def text_of(path: Path) -> str:
    """The text of a file. Raises SettingsError for one that is not there, no text, or too large to be meant."""
    if path.is_file() and path.stat().st_size > SIZE:
        raise SettingsError(str(path), f"{path.stat().st_size:,} bytes", f"at most {SIZE:,}", f"ls -l {path}")
    return read_text(path)
