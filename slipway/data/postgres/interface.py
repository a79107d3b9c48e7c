"""What can be asked of the database itself: its roles and its schema."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.data.verb import Nothing, Verb


@dataclass(frozen=True)
class Server:
    """Whether the database server lets the data side in, and why not."""

    reachable: bool
    reason: str
    server_version: str


@dataclass(frozen=True)
class Established:
    """What was changed in database, roles, grants and settings, and what there is to say of it."""

    database: str
    changed: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Least:
    """Make, on a server of somebody else's, the role that may work with rows alone; it logs in with this password."""

    password: str


@dataclass(frozen=True)
class AppRole:
    """That role, where it logs in, and what was changed."""

    role: str
    host: str
    port: str
    database: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Schema:
    """Write the schema as text; with `check`, compare it with `text`."""

    check: bool = False
    text: str = ""


@dataclass(frozen=True)
class SchemaText:
    """The schema as SQL that ends with the applied migrations as comments, and how a given text differs from it."""

    text: str
    same: bool | None = None
    diff: str | None = None


ROLES = Verb("roles", "slipway.data.postgres.roles:establish", Nothing, Established)
APP_ROLE = Verb("roles.app", "slipway.data.postgres.external:establish", Least, AppRole, alone=True, confidential=True)
SCHEMA = Verb("schema", "slipway.data.postgres.schema:schema", Schema, SchemaText, alone=True)
