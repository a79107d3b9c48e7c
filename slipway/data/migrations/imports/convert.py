"""Another tool's migrations as files of ours: their numbers, their names and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from slipway.data.migrations.files import LARGEST
from slipway.data.migrations.imports.model import Part, Theirs, refuse
from slipway.data.migrations.interface import Foreign
from slipway.data.sql import check
from slipway.data.sql.file import BOM, fingerprint
from slipway.errors import MigrationError

NO_TRANSACTION = b"-- slipway: no-transaction\n"
LEAST_DIGITS = 3


@dataclass(frozen=True)
class Ours:
    """One migration as it will be here: its number as it is written, its name, and its files by their names."""

    theirs: Theirs
    number: str
    up: bytes
    down: bytes | None

    @property
    def version(self) -> int:
        return int(self.number)

    @property
    def files(self) -> dict[str, bytes]:
        stem = f"{self.number}_{self.theirs.name}"
        return {f"{stem}.up.sql": self.up} | ({} if self.down is None else {f"{stem}.down.sql": self.down})

    @property
    def foreign(self) -> Foreign:
        """What the data side needs to know of it."""
        down = "" if self.down is None else fingerprint(self.down)
        theirs = self.theirs
        return Foreign(
            theirs.version, theirs.origin, theirs.checksums, self.version, theirs.name, fingerprint(self.up), down
        )


def convert(tool: str, found: Sequence[Theirs]) -> tuple[Ours, ...]:
    """The migrations in their order; numbered anew, all of them, where the tool's own numbers do not give that order."""
    refuse_twins(tool, found)
    refuse_unfit(found)
    kept = numbers_fit([each.number for each in found])
    digits = max(LEAST_DIGITS, len(str(len(found))))
    return tuple(
        Ours(
            each,
            each.number if kept else str(place).zfill(digits),
            whole(each.up, "" if kept else f"{tool} {each.version}"),
            each.down and whole(each.down, "" if kept else f"{tool} {each.version}"),
        )
        for place, each in enumerate(found, 1)
    )


def refuse_twins(tool: str, found: Sequence[Theirs]) -> None:
    """Raises MigrationError for two files of one version: the tool's history could not tell them apart."""
    seen: dict[str, str] = {}
    for each in found:
        if each.version in seen:
            said = f"version {each.version} of {tool} is already that of {seen[each.version]}"
            raise refuse(each.origin, said, "one file for each version", f"rename {each.origin}")
        seen[each.version] = each.origin


def refuse_unfit(found: Sequence[Theirs]) -> None:
    """Raises MigrationError with the line in the tool's file for what our runner would not run; its log has the others.

    It has to be mended before the files are converted: afterwards they would differ from what is recorded as applied.
    """
    errors = [
        error
        for each in found
        for part in (each.up, each.down)
        if part and (error := unfit(part, part.origin or each.origin))
    ]
    if errors:
        errors[0].log = tuple(map(str, errors[1:]))
        raise errors[0]


def unfit(part: Part, origin: str) -> MigrationError | None:
    try:
        check.refuse_unfit((part.as_read or part.text.removeprefix(BOM),), origin, "", alone=not part.transactional)
    except MigrationError as error:
        return error
    return None


def numbers_fit(numbers: Sequence[str]) -> bool:
    """Whether they are whole numbers of ours that rise in the order of the tool."""
    if not all(number and int(number) <= LARGEST for number in numbers):
        return False
    values = [int(number) for number in numbers]
    return all(one < other for one, other in pairwise(values))


def whole(part: Part, formerly: str) -> bytes:
    """The text of a file: unchanged, but for the lines that have to stand before it."""
    ahead = b"".join(lines_ahead(part, formerly))
    return ahead + (part.text.removeprefix(BOM) if ahead else part.text)


def lines_ahead(part: Part, formerly: str) -> Iterator[bytes]:
    if formerly:
        yield f"-- {formerly}\n".encode()
    if not part.transactional:
        yield NO_TRANSACTION
