"""`db.lint`: what a migration would lock or break, before it does."""

from __future__ import annotations

from slipway.data.migrations.foresight import LINT, Lint
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.errors import VerificationError
from slipway.plan import Silent


def run(on: str, reporter, everything: bool = False) -> None:
    """Lints the pending migrations, or with `everything` all of them.

    An error or a warning is a VerificationError (exit 8); advice alone is not.
    """
    found = enter(on).engine.inside(LINT, Lint(all=everything), Silent())
    for finding in found.findings:
        place = f"{finding.file}:{finding.line}:{finding.column}"
        reporter.line(f"  {finding.level:<8} {place}  {finding.rule}")
        for sentence in filter(None, (finding.message, finding.help)):
            reporter.line(f"           {sentence}")
    reporter.done(f"{len(found.findings)} findings in {found.files} files.", **encode(found))
    serious = [finding for finding in found.findings if finding.level != "advice"]
    if serious:
        first = serious[0]
        raise VerificationError(
            f"{first.file}:{first.line}",
            first.message,
            "migrations that lint takes",
            f"mend it, or say why above the statement: -- squawk-ignore {first.rule}",
        )
