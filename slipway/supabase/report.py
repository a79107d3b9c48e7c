"""An inventory as people read it: lines for a terminal, and a page for the team. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from slipway.supabase.interface import BY_HAND, CHANGES, MOVES, STAYS, VERDICTS, Finding, Inventory
from slipway.units import size

FILE = "docs/supabase-fallback.md"
MARKS = {MOVES: "✓", CHANGES: "~", STAYS: "✗", BY_HAND: "!"}
HEADINGS = {
    BY_HAND: "By hand",
    STAYS: "Cannot move, and what stands for it",
    CHANGES: "Moves with a change",
    MOVES: "Moves as it is",
}


def lines(found: Inventory) -> Iterator[str]:
    """A line for each thing that does not move as it is, by kind; of the others their number."""
    for kind, findings in by_kind(found.findings).items():
        moving = sum(each.verdict == MOVES for each in findings)
        if moving:
            yield f"  {MARKS[MOVES]} {kind}: {moving} as {'it is' if moving == 1 else 'they are'}"
        for each in findings:
            if each.verdict != MOVES:
                yield f"  {MARKS[each.verdict]} {kind} {each.name}: {each.verdict}{f'; {each.note}' if each.note else ''}"


def by_kind(findings: tuple[Finding, ...]) -> dict[str, list[Finding]]:
    """Findings by kind, in the order in which kinds come first."""
    kinds: dict[str, list[Finding]] = {}
    for each in findings:
        kinds.setdefault(each.kind, []).append(each)
    return kinds


def summary(found: Inventory) -> str:
    counts = Counter(each.verdict for each in found.findings)
    parts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    return (
        f"{len(found.findings)} things in {found.database} (PostgreSQL {found.version}, {size(found.bytes)}): {parts}."
    )


def markdown(found: Inventory) -> str:
    """The page: what has to be done first, then what stays behind, then the rest."""
    parts = [
        "# What the project has on Supabase, and what becomes of it",
        "",
        f"As of {found.at}, read as role `{found.role}`; written by `./invoke supabase.inventory --write`. {summary(found)}",
    ]
    for verdict, heading in HEADINGS.items():
        findings = [each for each in found.findings if each.verdict == verdict]
        if findings:
            parts += ["", f"## {heading}", "", "| what | name | |", "|---|---|---|"]
            parts += [f"| {cell(each.kind)} | {cell(each.name)} | {cell(each.note)} |" for each in findings]
    return "\n".join((*parts, ""))


def cell(text: str) -> str:
    """A text that cannot break the table or become markup."""
    text = " ".join(text.split())
    for character in "\\|`*_<>[]":
        text = text.replace(character, f"\\{character}")
    return text
