"""Settings of roles and of the database, `ALTER … SET`: read in the project, and made in the copy alone, whatever its name.

They act at a login. Who acts as a role by SET ROLE applies them itself, as PostgREST and the reference app do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.postgres import connection
from slipway.supabase import references

if TYPE_CHECKING:
    import psycopg

# What is set for the database goes before what is set for the role in all of them.
QUERY = """
SELECT DISTINCT ON (role, name) role, name, value FROM (
    SELECT coalesce(r.rolname::text, '') AS role, split_part(each, '=', 1) AS name, substr(each, strpos(each, '=') + 1) AS value,
        s.setdatabase
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) each
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND (s.setrole = 0 OR r.rolname = ANY (%s))) one
ORDER BY role, name, setdatabase DESC
"""
# A login ends where the library is missing, and warns where the tablespace is.
MACHINE = ("session_preload_libraries", "local_preload_libraries", "temp_tablespaces", "default_tablespace")
# What is set for the database and not for the copy of it.
OWN = {
    "default_transaction_read_only": "freezes the project, and the copy is written",
    "log_statement": "what the platform's server logs",
    "search_path": "the copy has its own",
}
LISTS = ("search_path",)  # kept with the quotes of each of their parts
PART = re.compile(r'"(?:[^"]|"")*"|[^\s,]+')


@dataclass(frozen=True)
class Setting:
    """One setting of one role, or of the database, which has no role."""

    role: str
    name: str
    value: str

    @property
    def label(self) -> str:
        return f"setting {self.name} of " + (f"role {self.role}" if self.role else "the database")


def look(conn: psycopg.Connection, roles: Collection[str]) -> list[Setting]:
    """What sessions of these roles begin with in this database, as far as it is set for the role, and what all begin with."""
    return [Setting(*row) for row in conn.execute(QUERY, (sorted(roles),))]


def reason(setting: Setting) -> str:
    """Why a setting stays behind; empty where it comes. Pure."""
    name, value = setting.name, setting.value
    if not setting.role and name in OWN:
        return OWN[name]
    if name in MACHINE:
        return "names what is on the platform's server alone"
    if name.startswith("pgrst."):
        return "read by PostgREST alone"
    if name.startswith("app.settings.") or references.secrets(value):
        return "may be a secret, so its value is not shown: make it APP_ENV_NAME in .env"
    return ""


def coming(settings: Iterable[Setting]) -> list[Setting]:
    return [each for each in settings if not reason(each)]


def staying(settings: Iterable[Setting]) -> list[str]:
    """A sentence for each that does not come."""
    found = ((each, reason(each)) for each in settings)
    return [f"{each.label}: {why}" for each, why in found if why]


def told(setting: Setting) -> str:
    """Its value as it may be shown: of what the server itself does not know nobody can say that it is no secret. Pure."""
    return hashlib.sha256(setting.value.encode()).hexdigest() if "." in setting.name else setting.value


def parts(setting: Setting) -> list[str]:
    """The texts that SET is given: one, or those of a list. Pure."""
    if setting.name not in LISTS:
        return [setting.value]
    found = PART.findall(setting.value)
    return [each[1:-1].replace('""', '"') if each.startswith('"') else each for each in found] or [""]


def make(inside: psycopg.Connection, settings: Iterable[Setting]) -> list[str]:
    """Sets them in this database alone; a sentence for each that the server refuses to this role."""
    from psycopg import errors, sql

    said = []
    database = sql.SQL("DATABASE {}").format(sql.Identifier(inside.info.dbname))
    for each in settings:
        whose = sql.SQL("ROLE {} IN {}").format(sql.Identifier(each.role), database) if each.role else database
        name, values = sql.Identifier(*each.name.split(".")), sql.SQL(", ").join(map(sql.Literal, parts(each)))
        try:
            with inside.transaction():
                inside.execute(sql.SQL("ALTER {} SET {} TO {}").format(whose, name, values))
        except errors.InvalidParameterValue:  # the server's sentence would show it
            said.append(refused(each, "the server refuses its value"))
        except (errors.InsufficientPrivilege, errors.UndefinedObject, errors.CantChangeRuntimeParam) as error:
            said.append(refused(each, connection.reason(error)))
    return said


def refused(setting: Setting, why: str) -> str:
    return f"{setting.label}: not made here: {why}"
