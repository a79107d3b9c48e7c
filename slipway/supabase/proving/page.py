"""A proof as people read it: lines for a terminal, and one page that needs nothing beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from slipway.supabase.interface import DIFFERS, SAME, UNKNOWN, Proven

FILE, DATA = "docs/supabase-proof.html", "docs/supabase-proof.json"
MARKS = {SAME: "✓", DIFFERS: "✗", UNKNOWN: "?"}
SHOWN = 20  # differences of a check in a terminal


def lines(proven: Proven) -> Iterator[str]:
    """A line for each check, and the first of its differences."""
    for check in proven.checks:
        words = check.found if check.state == SAME else f"{check.state}, {len(check.differences):,}"
        yield f"  {MARKS[check.state]} {check.name:<14} {words}"
        yield from (f"      {each}" for each in check.differences[:SHOWN])
        if (more := len(check.differences) - SHOWN) > 0:
            yield f"      and {more:,} more; --write names all of them"
    for each in proven.left:
        yield f"  ! stays behind: {each}"


def html(proven: Proven) -> str:
    """The page, every difference by its name."""
    good = all(check.state == SAME for check in proven.checks)
    return template().render(proven=proven, good=good, marks=MARKS, same=SAME)


@cache
def template():
    import jinja2

    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return env.get_template("page.html.j2")
