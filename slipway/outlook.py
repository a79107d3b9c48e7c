"""What a plan will be felt as: differences, locks of migrations, what restarts and what does not, how long a backup takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from slipway.units import size

if TYPE_CHECKING:
    from slipway.data.migrations.foresight import LikelyBackup, Prospect

WIDTH = 10
PAUSES = {
    "gateway": "replaced, with a gap: its port is closed for about a second and every connection ends",
    "ops": "replaced; no request passes it",
    "app": "replaced in place, with a gap until it has booted",
}
STORE = "stopped and started again; the app waits for it"


@dataclass(frozen=True)
class Outlook:
    """Plain data, as the JSON of a plan has it. `pauses` says of each service that is started or replaced how that is felt."""

    changes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    migrations: Sequence[Prospect] = ()
    unlinted: str = ""
    backup: LikelyBackup | None = None
    pauses: Mapping[str, str] = field(default_factory=dict)
    stays: Sequence[str] = ()

    def data(self) -> dict:
        return asdict(self)

    def text(self) -> str:
        return "\n".join(line for part in (self.differences(), self.schema(), self.rest()) for line in part)

    def differences(self) -> Iterator[str]:
        if self.changes:
            yield "what differs"
        for name, texts in self.changes.items():
            for number, text in enumerate(texts):
                yield f"  {name if number == 0 else '':<{WIDTH}} {text}"

    def schema(self) -> Iterator[str]:
        if self.migrations:
            yield "migrations"
        for each in self.migrations:
            yield f"  {each.file}"
            yield from (f"    {text}" for text in (*locks(each), *findings(each)))
        if self.unlinted:
            yield f"  not linted: {self.unlinted}"

    def rest(self) -> Iterator[str]:
        if self.backup:
            much, seconds = size(self.backup.bytes), self.backup.seconds
            yield f"{'backup':<{WIDTH + 2}} about {much} in {seconds:.0f} s, as {self.backup.id} was"
        for number, (name, how) in enumerate(self.pauses.items()):
            yield f"{'restarts' if number == 0 else '':<{WIDTH + 2}} {name}: {how}"
        if self.stays:
            yield f"{'stays':<{WIDTH + 2}} {', '.join(self.stays)}"


def locks(migration: Prospect) -> Iterator[str]:
    """The strongest lock of a file and what waits for it, then what its text cannot tell."""
    if tables := migration.tables:
        first = tables[0]
        alike = [each.table for each in tables if each.mode == first.mode]
        yield f"{first.mode} on {', '.join(alike)}: {first.blocks} wait"
    elif not migration.untold:
        yield "no lock that anybody waits for"
    if migration.untold:
        yield "DO and CALL take locks that their text does not tell: ./invoke db.rehearse measures them"


def findings(migration: Prospect) -> Iterator[str]:
    for each in migration.findings:
        yield f"{each.level} at {each.line}:{each.column}, {each.rule}: {each.message}"


def pause(name: str, running: bool, beside: bool) -> str:
    """How it is felt that a service is started or replaced; `beside` is for an app of which the next one starts first."""
    if not running:
        return "starts"
    if name == "app" and beside:
        return "the new one starts beside the one that serves: no gap"
    return PAUSES.get(name, STORE)
