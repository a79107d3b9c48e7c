"""The three addresses of a project's database, told apart, and what each can be used for. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.supabase.source import POOLED

POOLER = ".pooler.supabase.com"


@dataclass(frozen=True)
class Way:
    """What leads to the database, and what it is good for."""

    name: str
    good_for: str


DIRECT = Way("direct", "everything: the app, migrations, backups, LISTEN; a hosted project has it by IPv6 alone")
SESSION = Way(
    "session pooler",
    "the app, migrations, backups, LISTEN; each client holds one of the pool's few connections while it is there",
)
TRANSACTION = Way(
    "transaction pooler",
    "the app alone, with SET LOCAL and set_config(…, true) in each transaction and no prepared statements; "
    "no migrations, no backups, no LISTEN, no advisory locks of a session",
)


def way(host: str, port: str) -> Way:
    """Which of them an address is."""
    if port == str(POOLED):
        return TRANSACTION
    return SESSION if host.endswith(POOLER) else DIRECT
