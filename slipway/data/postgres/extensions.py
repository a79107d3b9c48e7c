"""Extensions that hold no data of their own: a copy may be without them where its role cannot make them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints

if TYPE_CHECKING:
    import psycopg

OPTIONAL = frozenset({"pg_stat_statements"})
EXCLUDES = 17  # the first pg_dump that can leave an extension out, with all that belongs to it


def installed(conn: psycopg.Connection) -> set[str]:
    return {row[0] for row in conn.execute("SELECT extname FROM pg_extension")}


def unmakeable(target: psycopg.Connection, ends: Endpoints, names: Iterable[str]) -> list[str]:
    """Those of the optional ones among `names` that who fills this database of `ends` cannot make there.

    It is tried and taken back: a managed server lets roles make some for which any other asks a superuser.
    """
    return [name for name in sorted(OPTIONAL & set(names)) if not makeable(target, ends, name)]


def makeable(target: psycopg.Connection, ends: Endpoints, name: str) -> bool:
    import psycopg
    from psycopg import sql

    try:
        with target.transaction(force_rollback=True):
            if ends.database_owner and not ends.admin_url:
                target.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(ends.database_owner)))
            target.execute(sql.SQL("CREATE EXTENSION {} SCHEMA public").format(sql.Identifier(name)))
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.FeatureNotSupported,  # not in this server's installation
        psycopg.errors.UndefinedFile,
    ):
        return False
    return True
