"""The project as the inventory sees it, beside what the stack's database offers; and the words of its queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.supabase import platform, source
from slipway.supabase.interface import BY_HAND, Finding

if TYPE_CHECKING:
    import psycopg

OWN = sorted(platform.SCHEMAS)  # parameter of TEAM
# Of a schema n: the team's, and not the platform's or the server's.
TEAM = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL (%(own)s)"
SHOWN = 5  # names in a sentence


@dataclass(frozen=True)
class Target:
    """The stack's database: its major version, and the extensions that can be made there."""

    major: int
    extensions: Mapping[str, str]


@dataclass(frozen=True)
class Project:
    """A read-only session on the source, and the target."""

    conn: psycopg.Connection
    target: Target

    def rows(self, query: str, **values: object) -> list[tuple]:
        """The rows of a query, which may use %(own)s for the platform's schemas."""
        return self.conn.execute(query, {"own": OWN, **values}).fetchall()

    def there(self, kind: str, relation: str) -> Iterator[Finding]:
        """A finding where this role may not read a table that is there: then nobody knows what is in it."""
        if source.readable(self.conn, relation) is False:
            note = f"role {self.conn.info.user} may not read {relation}: look at it in the dashboard"
            yield Finding(kind, relation, BY_HAND, note)

    def has(self, relation: str) -> bool:
        """Whether a table is there and may be read."""
        return bool(source.readable(self.conn, relation))


def no_member(catalog: str, alias: str) -> str:
    """Of a row of a catalog: no extension brought it."""
    return (
        f"NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '{catalog}'::regclass "
        f"AND x.objid = {alias}.oid AND x.deptype = 'e')"
    )


def listed(names: list[str] | tuple[str, ...]) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
