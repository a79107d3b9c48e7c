"""Who may do what in a bundled database: the roles as data, and the mark that tells whether they were set up so."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from slipway.errors import SettingsError

VERSION = 4
LONGEST = 63  # bytes of a Postgres name: NAMEDATALEN - 1
APP = (("idle_in_transaction_session_timeout", "60s"), ("statement_timeout", "30s"))
# Groups of the server's own that no role of ours is in: with each, passwords' verifiers or the machine's files are in reach.
TOO_MUCH = (
    "pg_execute_server_program",
    "pg_read_all_data",
    "pg_read_server_files",
    "pg_write_all_data",
    "pg_write_server_files",
)
# What policies of Supabase's are written for. Such names are of the whole server: its databases share these roles.
ANON, AUTHENTICATED, SERVICE, AUTH_ADMIN = "anon", "authenticated", "service_role", "supabase_auth_admin"
# Whom the app acts as, one transaction at a time. Not the service role: that one passes row level security by.
ACTED = (ANON, AUTHENTICATED, AUTH_ADMIN)
IN_PUBLIC = (ANON, AUTHENTICATED, SERVICE)  # who works with the tables that migrations make
UNLIMITED = (("idle_in_transaction_session_timeout", "0"), ("lock_timeout", "0"), ("statement_timeout", "0"))


@dataclass(frozen=True)
class Role:
    """One role; `settings` are its session defaults.

    It inherits what the roles in `member_of` may, and nothing from those in `acts_as`: there it has to say SET ROLE. No role of ours is a superuser, replicates, or makes roles or databases.
    """

    name: str
    login: bool = True
    bypass_rls: bool = False
    member_of: tuple[str, ...] = ()
    acts_as: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Split:
    """The roles of one database, and the names that grants are made to."""

    database: str
    roles: tuple[Role, ...]
    owner: str = ""  # where that is no role of ours
    granted: tuple[str, ...] = ("app", "readonly", "backup")  # who gets rights on what the owner makes
    closed: bool = True  # whether nothing may be had by being PUBLIC

    def named(self, part: str) -> str:
        return self.owner if part == "owner" and self.owner else f"{self.database}_{part}"


def app_role(database: str) -> Role:
    return Role(f"{database}_app", acts_as=ACTED, settings=APP)


def shared() -> tuple[Role, ...]:
    """The roles that all databases of a server share; nobody logs in as one of them."""
    return tuple(Role(name, login=False, bypass_rls=name == SERVICE) for name in (*IN_PUBLIC, AUTH_ADMIN))


def split(database: str) -> Split:
    """The five roles of a database, after those that it shares with others. Raises SettingsError when a name would be too long for Postgres."""
    if len(f"{database}_readonly".encode()) > LONGEST:
        raise SettingsError(
            "DATABASE_URL",
            f"database name of {len(database.encode())} bytes",
            f"at most {LONGEST - len('_readonly')} bytes, so that <name>_readonly is a role name",
            "choose a shorter database name in .env",
        )
    owner = f"{database}_owner"
    return Split(
        database,
        (
            *shared(),
            Role(owner, login=False),
            # Whatever the migrating role makes, by any tool, belongs to the owner.
            Role(f"{database}_migrate", member_of=(owner,), settings=(("lock_timeout", "5s"), ("role", owner))),
            app_role(database),
            # Policies would call functions that it may not execute, and show it no row: it is for reports over all of them.
            Role(
                f"{database}_readonly",
                bypass_rls=True,
                settings=(
                    ("default_transaction_read_only", "on"),
                    ("idle_in_transaction_session_timeout", "60s"),
                    ("statement_timeout", "5min"),
                ),
            ),
            # A dump must see every row and must never be cut short by a timeout. Not a member of pg_read_all_data, which
            # reads the verifiers of all passwords too: it is granted what the owner makes. And no replication: a slot
            # that nobody reads keeps every change until the disk is full.
            Role(f"{database}_backup", bypass_rls=True, settings=UNLIMITED),
        ),
    )


def default_privileges(roles: Split) -> frozenset[tuple[str, str, str]]:
    """What the owner's future objects grant: (kind as in pg_default_acl, grantee, privilege). Nothing to PUBLIC."""
    app = roles.named("app")
    written = {("r", app, each) for each in ("INSERT", "UPDATE", "DELETE")}
    read = {
        (kind, roles.named(part), privilege)
        for part in roles.granted
        for kind, privilege in (("r", "SELECT"), ("S", "SELECT"), ("n", "USAGE"))
    }
    return frozenset(written | read | {("S", app, "USAGE"), ("f", app, "EXECUTE")})


def fingerprint(salt: str, database: str, passwords: Mapping[str, str]) -> str:
    """A mark over names, passwords and this definition. scrypt, so that a weak password is dear to guess from it."""
    content = json.dumps([VERSION, database, sorted(passwords.items())]).encode()
    return hashlib.scrypt(content, salt=bytes.fromhex(salt), n=2**12, r=8, p=1, dklen=32).hex()


def is_current(record: Mapping[str, object], database: str, passwords: Mapping[str, str]) -> bool:
    """Whether the record that the last `roles` wrote was made from these names, passwords and definition."""
    try:
        return hmac.compare_digest(str(record["fingerprint"]), fingerprint(str(record["salt"]), database, passwords))
    except (KeyError, ValueError):
        return False
