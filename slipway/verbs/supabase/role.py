"""`supabase.role`: a role for an app of one's own on the project's database."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.config.secret_strength import RANDOM_HEX
from slipway.data.verb import Nothing
from slipway.data.wire import encode
from slipway.environment import Environment, enter
from slipway.errors import VerificationError
from slipway.inside import work
from slipway.supabase.interface import ROLE, CheckedRole
from slipway.supabase.role import statements


def run(on: str, reporter, check: bool = False) -> None:
    """Prints the SQL that makes it; with `check`, whether the role of DATABASE_URL is one of that kind.

    A role that may more, or sees other rows, is a VerificationError (exit 8) that names it.
    """
    env = enter(on)
    if not check:
        reporter.header(env.header)
        for line in lines(env):
            reporter.line(line)
        reporter.done("Nothing was written to the project.", sql=list(statements.STATEMENTS))
        return
    found = work(env, reporter, ROLE, Nothing(), "what it may in the project; nothing is written", remark)
    for each in found.checks:
        reporter.line(f"  {'✓' if each.ok else '✗'} {each.name}: {each.found}")
    reporter.line(f"  {found.way}: {found.good_for}")
    refuse(found, env.flag)
    reporter.done(f"{found.role} may no more than who it acts as.", role=encode(found))


def lines(env: Environment) -> Iterator[str]:
    name = ".env" if env.on == "local" else f".env.{env.on}"
    yield f"In the project's SQL editor, with a password of its own; {RANDOM_HEX} prints one:"
    yield from (f"  {each}" for each in statements.STATEMENTS)
    yield f"Then in {name}, and ./invoke supabase.role --check{env.flag}:"
    yield "  POSTGRES=external"
    yield "  MIGRATE_DATABASE_URL=   the value of SUPABASE_DB_URL: migrations run as role postgres"
    yield f"  DATABASE_URL=postgresql://{statements.ROLE}:{statements.BLANK}@HOST:PORT/postgres"
    yield f"               HOST and PORT as the dashboard says, Connect; of a pooler the user is {statements.ROLE}.PROJECT"


def remark(found: CheckedRole) -> str:
    wrong = sum(not each.ok for each in found.checks)
    return f"{wrong} of {len(found.checks)} checks fail" if wrong else f"{found.role}, as it should be"


def refuse(found: CheckedRole, flag: str) -> None:
    failed = [f"{each.name}: {each.found}" for each in found.checks if not each.ok]
    if failed:
        raise VerificationError(
            f"role {found.role}",
            failed[0],
            "a role that owns nothing and may act as those that policies name",
            f"./invoke supabase.role{flag} prints the SQL that makes one",
            tuple(failed[1:]),
        )
