"""An inventory as people read it."""

from __future__ import annotations

from slipway.supabase import report
from slipway.supabase.interface import BY_HAND, CHANGES, MOVES, STAYS, Finding, Inventory

FOUND = Inventory(
    "postgres",
    "postgres",
    "17.4",
    3 * 2**20,
    "2026-12-01T10:00:00+00:00",
    (
        Finding("table", "public.a", MOVES, "about 3 rows"),
        Finding("table", "public.b", MOVES),
        Finding("webhook", "hook | of public.a", BY_HAND, "to https://example.org"),
        Finding("table", "public.c", CHANGES, "a <b> `c`"),
        Finding("publication", "supabase_realtime", STAYS),
    ),
)


def test_a_terminal_sees_each_thing_that_does_not_move_as_it_is_and_how_many_do():
    assert list(report.lines(FOUND)) == [
        "  ✓ table: 2 as they are",
        "  ~ table public.c: moves with a change; a <b> `c`",
        "  ! webhook hook | of public.a: by hand; to https://example.org",
        "  ✗ publication supabase_realtime: cannot move",
    ]


def test_the_page_has_every_thing_in_a_table_that_no_name_can_break():
    text = report.markdown(FOUND)
    rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(("| what", "|---"))]
    assert rows == [
        "| webhook | hook \\| of public.a | to https://example.org |",
        "| publication | supabase\\_realtime |  |",
        "| table | public.c | a \\<b\\> \\`c\\` |",
        "| table | public.a | about 3 rows |",
        "| table | public.b |  |",
    ]
    assert (
        "5 things in postgres (PostgreSQL 17.4, 3.0 MB): 2 moves, 1 moves with a change, 1 cannot move, 1 by hand"
        in text
    )
