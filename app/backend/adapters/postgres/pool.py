"""The connection pool, and transactions that act as one caller."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from psycopg import OperationalError, errors

from backend import tracing
from backend.adapters.postgres.breaker import PROBE_WAIT, WAIT, Breaker, Connection, Pool, pool_for, watched
from backend.adapters.postgres.keys import EXPIRE, PostgresKeys
from backend.adapters.postgres.objects import PostgresObjects
from backend.adapters.postgres.profiles import PostgresProfiles
from backend.adapters.postgres.tasks import PostgresTasks
from backend.adapters.postgres.uploads import PostgresUploads
from backend.adapters.postgres.users import PostgresUsers
from backend.domain.callers import Caller
from backend.domain.errors import Away, Conflict, Forbidden, Invalid, Unavailable

# The role of the transaction, as SET LOCAL ROLE, and what policies ask for. A role's own settings are those of its
# logins alone, so its time for a statement is set here too. On Supabase, rows of its storage are deleted with the last alone.
BEGIN = """
    SELECT set_config('role', %s, true), set_config('request.jwt.claims', %s, true),
           set_config('statement_timeout', %s, true), set_config('storage.operation', %s, true),
           set_config('storage.allow_delete_query', 'true', true)
"""
AUTH = "supabase_auth_admin"
ACTED = ("authenticated", "anon")
ITSELF = "none"  # SET ROLE none
TIMEOUTS = {"anon": "3s", "authenticated": "8s", AUTH: "8s", ITSELF: "60s"}  # Supabase's, but for ours
GOODBYE = ("57P01", "57P02", "57P05")  # shutdown, crash, idle for too long
CANCEL = 5.0  # seconds that requests given up at a stop have to cancel their queries


@dataclass(frozen=True)
class Transaction:
    """The stores of one transaction."""

    tasks: PostgresTasks
    keys: PostgresKeys
    profiles: PostgresProfiles
    objects: PostgresObjects
    uploads: PostgresUploads


@dataclass(frozen=True)
class PostgresDatabase:
    """The pool, and the tasks of the requests that are inside a transaction."""

    pool: Pool
    breaker: Breaker
    busy: set[asyncio.Task[Any]] = field(default_factory=set)

    async def open(self) -> None:
        """Let the pool connect in the background: returns at once, with Postgres up or down."""
        await self.pool.open(wait=False)

    async def close(self) -> None:
        """Close the pool, after requests that were given up have cancelled their queries: a query that waits for a lock
        would otherwise stay in Postgres, in the way of the next migration, after this process has ended."""
        if self.busy:
            await asyncio.wait(set(self.busy), timeout=CANCEL)
        await self.pool.close()

    @asynccontextmanager
    async def acting_as(self, caller: Caller) -> AsyncIterator[Transaction]:
        """A transaction that row level security binds to `caller`; commits at the end, rolls back on an error."""
        if caller.role not in ACTED:
            raise Forbidden(f"This service acts as {' or '.join(ACTED)} only, and the token is for another role.")
        async with self.transaction(caller.role, json.dumps(dict(caller.claims))) as connection:
            user = caller.user_id
            yield Transaction(
                PostgresTasks(connection, user),
                PostgresKeys(connection, user),
                PostgresProfiles(connection, user),
                PostgresObjects(connection, user),
                PostgresUploads(connection, user),
            )

    async def expire_keys(self) -> None:
        """Remove the idempotency keys of yesterday, of all users."""
        async with self.transaction(ITSELF, "") as connection:
            await connection.execute(EXPIRE)

    @asynccontextmanager
    async def as_auth(self) -> AsyncIterator[PostgresUsers]:
        """A transaction that may see every login; commits at the end, rolls back on an error."""
        async with self.transaction(AUTH, "") as connection:
            yield PostgresUsers(connection)

    @asynccontextmanager
    async def by_address(self, signed: bool) -> AsyncIterator[PostgresObjects]:
        """A transaction for nobody in particular, which sees what is public, or what a signed address is for."""
        operation = "storage.object.get_signed" if signed else "storage.object.get_public"
        async with self.transaction("anon", "", operation) as connection:
            yield PostgresObjects(connection, None)

    @asynccontextmanager
    async def by_itself(self) -> AsyncIterator[PostgresUploads]:
        """A transaction of the service's own, which sees what is to be swept."""
        async with self.transaction(ITSELF, "") as connection:
            yield PostgresUploads(connection, None)

    @asynccontextmanager
    async def transaction(self, role: str, claims: str, operation: str = "") -> AsyncIterator[Connection]:
        """A transaction in which `role` and `claims` are set, as PostgREST sets them."""
        with tracing.span("postgres transaction", **{"db.system.name": "postgresql", "role": role}):
            async with self.entered(role, claims, operation) as connection:
                yield connection

    @asynccontextmanager
    async def entered(self, role: str, claims: str, operation: str) -> AsyncIterator[Connection]:
        """The same without its span."""
        task = cast("asyncio.Task[Any]", asyncio.current_task())  # a coroutine always runs in one
        self.busy.add(task)
        try:
            async with told():
                connection = await self.enter([role, claims, TIMEOUTS[role], operation])
                self.breaker.in_use += 1
                try:
                    async with connection:
                        yield connection
                finally:
                    self.breaker.in_use -= 1
                    await self.pool.putconn(connection)
        finally:
            self.busy.discard(task)

    async def enter(self, values: Sequence[str]) -> Connection:
        """A connection in a transaction with these settings. While Postgres is away one request at a time tries, and
        waits; the others are told at once."""
        if not self.is_away():
            return await self.begin(values)
        if self.breaker.probing:
            raise OperationalError("Postgres is away")
        self.breaker.probing = True
        try:
            return await self.begin(values)
        finally:
            self.breaker.probing = False

    def is_away(self) -> bool:
        """Whether the last attempt to connect has failed, and no connection of before is left."""
        return self.breaker.open and not self.breaker.in_use and not self.pool.get_stats().get("pool_available")

    async def begin(self, values: Sequence[str]) -> Connection:
        """A connection of the pool's in a transaction with these settings.

        Of a pooled connection that Postgres has ended meanwhile only its use tells. It is given up for the next one:
        nothing was done with it yet, and to ask before each use would be one more way there and back.
        """
        wait = PROBE_WAIT if self.breaker.open else WAIT
        for _ in range(self.pool.max_size + 1):
            connection = await self.pool.getconn(wait)
            try:
                await connection.execute(BEGIN, values)
                return connection
            except errors.InsufficientPrivilege:
                await self.pool.putconn(connection)
                raise Unavailable(
                    f"The login role may not act as {values[0]}: ./invoke db.roles", again=False
                ) from None
            except BaseException as error:
                # Postgres has said goodbye (57P01 and the like), or nobody is there any more.
                ended = isinstance(error, OperationalError) and (connection.closed or error.sqlstate in GOODBYE)
                if ended:
                    await connection.close()
                await self.pool.putconn(connection)
                if not ended:
                    raise
                wait = PROBE_WAIT
        raise OperationalError("every pooled connection was ended")


@asynccontextmanager
async def told() -> AsyncIterator[None]:
    """What Postgres raises inside, as what the use cases know."""
    try:
        yield
    except (errors.UndefinedTable, errors.InvalidSchemaName, errors.InvalidParameterValue):
        raise Unavailable("The database has no schema yet; run: ./invoke db.migrate", again=False) from None
    except errors.ForeignKeyViolation:
        raise Conflict("The user of this token is not in the database.") from None
    except errors.InsufficientPrivilege:
        raise Forbidden("Row level security or a missing grant refuses this.") from None
    except errors.CheckViolation as error:
        raise Invalid(f"A value breaks the rule {error.diag.constraint_name} of the table.") from None
    except errors.DataError:
        raise Invalid("A value is one that the database cannot hold.") from None
    except errors.QueryCanceled:
        raise Unavailable("The database took too long.") from None
    except OperationalError:
        raise Away("The database does not answer; see /ready.") from None


def database_at(url: str) -> PostgresDatabase:
    """The database at `url`, whose pool is not open yet."""
    breaker = Breaker()
    return PostgresDatabase(pool_for(url, watched(breaker)), breaker)
