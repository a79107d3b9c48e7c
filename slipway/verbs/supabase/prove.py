"""`supabase.prove`: whether this stack has everything that the project has."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from slipway.data.wire import encode
from slipway.environment import ROOT, Environment, enter
from slipway.errors import HealthError
from slipway.inside import work
from slipway.plan import Silent
from slipway.supabase.interface import CLAIMS, DIFFERS, PROVE, SAME, Claims, Compared, Prove, Proven
from slipway.supabase.proving import login as signing_in
from slipway.supabase.proving import page
from slipway.supabase.proving.prove import refuse_losses
from slipway.system import disk
from slipway.system.inherited import path_of


def run(
    on: str,
    reporter,
    database: str = "",
    tree: str = "",
    from_dir: str = "",
    login: str = "",
    write: bool = False,
) -> None:
    """Says what came of each check; with `write` every difference goes into docs/. One is a VerificationError (exit 8)."""
    env, known = enter(on), (signing_in.known(login) if login else None)
    with delivered(env, tree) as folder, delivered(env, from_dir) as dumps:
        proven = work(
            env,
            reporter,
            PROVE,
            Prove(database, folder, dumps),
            "the project and the copy side by side; nothing is written to either",
            lambda proven: (
                f"{sum(each.state == SAME for each in proven.checks)} of {len(proven.checks)} checks the same"
            ),
        )
    if known:
        proven = replace(proven, checks=(*proven.checks, claims_of(env, *known)))
    if from_dir:
        proven = replace(proven, project=f"the dumps in {from_dir}")
    for line in page.lines(proven):
        reporter.line(line)
    if write:
        write_down(reporter, proven)
    refuse_losses(proven)
    reporter.done(
        f"{proven.database} has everything that the project has, in {proven.seconds:.1f} s.", proof=encode(proven)
    )


def delivered(env: Environment, folder: str) -> AbstractContextManager[str]:
    """Where the data side finds a directory of this machine; nowhere for none."""
    return env.engine.deliver_tree(path_of(folder), Silent()) if folder else nullcontext("")


def claims_of(env: Environment, email: str, password: str) -> Compared:
    """What a login at the stack's app gives, compared with the project."""
    try:
        payload = signing_in.payload(env.engine.url(), email, password)
    except HealthError as error:
        return Compared("claims", DIFFERS, "", (f"no token: {error.found}",))
    return env.engine.inside(CLAIMS, Claims(email, payload), Silent())


def write_down(reporter, proven: Proven) -> None:
    """A page for people and the same for programs."""
    text = json.dumps(encode(proven), ensure_ascii=False, indent=1)
    for file, content in ((page.FILE, page.html(proven)), (page.DATA, text + "\n")):
        disk.replace(ROOT / file, content, 0o644)
        reporter.line(f"  wrote {file}")
