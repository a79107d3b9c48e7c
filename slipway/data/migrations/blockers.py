"""Who keeps a migration waiting: seen from beside, on a second connection, while the file waits for its locks."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints
from slipway.data.postgres import connection
from slipway.errors import SlipwayError

if TYPE_CHECKING:
    import psycopg

INTERVAL = 0.02
BLOCKERS = """
SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed'), coalesce(a.usename, ''), coalesce(a.state, ''),
    coalesce(to_char(a.query_start, 'HH24:MI:SS'), ''), coalesce(a.query, '')
FROM unnest(pg_blocking_pids(%s)) AS b(pid) JOIN pg_stat_activity a ON a.pid = b.pid
"""
# What the server says of a deadlock has numbers alone.
RELATION = re.compile(r"(?:tuple \([\d,]+\) of )?relation (\d+) of database \d+")
PROCESS = re.compile(r"[Pp]rocess (\d+)(?! \()")


class Watch:
    """Looks who blocks a session for as long as the block runs; `who` says it afterwards."""

    def __init__(self, conn: psycopg.Connection, ends: Endpoints) -> None:
        self.pid, self.ends = conn.info.backend_pid, ends
        self.found: dict[int, str] = {}
        self.blind = ""
        self.ready, self.over = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def __enter__(self) -> Watch:
        self.thread.start()
        self.ready.wait(5)
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join(5)

    def look(self) -> None:
        import psycopg

        try:
            with connection.connect(self.ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway watch") as conn:
                # The role may be set to act as the owner, who may not see what other sessions do.
                conn.execute("SET ROLE NONE")
                self.ready.set()
                while not self.over.wait(INTERVAL):
                    self.found |= {row[0]: sentence(*row) for row in conn.execute(BLOCKERS, (self.pid,))}
        except (psycopg.Error, SlipwayError) as error:
            self.blind = connection.reason(error)
        finally:
            self.ready.set()

    @property
    def who(self) -> str:
        return "; ".join(self.found.values()) or (
            "who blocks could not be seen" + (f": {self.blind}" if self.blind else "")
        )


def sentence(pid: int, application: str, role: str, state: str, since: str, query: str) -> str:
    """One blocking session; of its query the first words only, for the rest may hold secrets."""
    said = f", {state} since {since}: {first_words(query)}" if first_words(query) else ""
    return f"blocked by process {pid} ({application}, role {role}{said})"


def first_words(query: str, most: int = 4) -> str:
    """The leading plain words of a query, up to the first that could hold a value."""
    words: list[str] = []
    for word in query.split():
        if len(words) == most or not re.fullmatch(r"[A-Za-z_][\w.]*", word) or word.upper() == "PASSWORD":
            break
        words.append(word)
    return " ".join(words) + (" …" if words else "")


def name(conn: psycopg.Connection, text: str) -> str:
    """The server's words with the tables by their names, and the other sessions by who they are while they are there."""
    sessions = "SELECT application_name, usename FROM pg_stat_activity WHERE pid = %s AND pid <> pg_backend_pid()"

    def table(found: re.Match) -> str:
        known = conn.execute("SELECT oid::regclass::text FROM pg_class WHERE oid = %s", (found[1],)).fetchone()
        return f"table {known[0]}" if known else found[0]

    def process(found: re.Match) -> str:
        who = conn.execute(sessions, (found[1],)).fetchone()
        return f"{found[0]} ({who[0] or 'unnamed'}, role {who[1]})" if who else found[0]

    return PROCESS.sub(process, RELATION.sub(table, text))
