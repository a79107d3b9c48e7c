"""Tables that extensions have made, which no other check reads: those that a dump has rows of, and the others."""

from __future__ import annotations

from slipway.supabase.copying import members, prelude
from slipway.supabase.proving.contents import Judged
from slipway.supabase.proving.sides import Side, both

INSTALLED = "SELECT extname FROM pg_extension"


def compare(project: Side, copy: Side) -> Judged:
    """Rows of tables of extensions that both sides have. What no dump has is told, since extensions bring some themselves."""
    names = both(lambda side: {name for (name,) in side.conn.execute(INSTALLED)}, project, copy)
    found = members.look(project.conn, (names[0] & names[1]) - prelude.LEFT)
    before, after = both(lambda side: members.contents(side.readers[0], found), project, copy)
    judged = Judged()
    for each, text in members.otherwise(found, before, after):
        if each.condition is not None:
            judged.differ.append(text)
        else:
            judged.told.append(f"rows of {text}")
    return judged
