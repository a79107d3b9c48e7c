"""`supabase.prove`: whether this stack has everything that the project has."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from slipway.data.wire import encode
from slipway.environment import ROOT, Environment, enter
from slipway.errors import HealthError, SettingsError
from slipway.inside import work
from slipway.plan import Plan, Progress, Silent, Step, apply
from slipway.supabase.interface import CLAIMS, DIFFERS, PROVE, SAME, UNKNOWN, Claims, Compared, Prove, Proven
from slipway.supabase.proving import login as signing_in
from slipway.supabase.proving import page, tokens
from slipway.supabase.proving.prove import refuse_losses
from slipway.supabase.proving.tokens import Token
from slipway.system import disk
from slipway.system.inherited import path_of
from slipway.system.process import end_all
from slipway.system.redact import NO_SECRET, Secret

if TYPE_CHECKING:
    from slipway.supabase.proving.reading import Asked

OVER = "this access token is over: both APIs would refuse it, and be alike in that"


def run(
    on: str,
    reporter,
    database: str = "",
    tree: str = "",
    from_dir: str = "",
    login: str = "",
    token: str = "",
    collection: str = "",
    write: bool = False,
) -> None:
    """Says what came of each check; with `write` every difference goes into docs/. One is a VerificationError (exit 8)."""
    env, known = enter(on), (signing_in.known(login) if login else None)
    old = old_token(token, bool(login or collection))
    asked = read_collection(env, collection, old) if collection else None
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
    # The login is the last: it changes a row of the stack.
    more = [answers_of(env, reporter, asked)] if asked else []
    more += [claims_of(env, *known, old)] if known else []
    proven = replace(proven, checks=(*proven.checks, *more))
    if from_dir:
        proven = replace(proven, project=f"the dumps in {from_dir}")
    conclude(reporter, proven, write)


def conclude(reporter, proven: Proven, write: bool) -> None:
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


def old_token(file: str, has_use: bool) -> Token | None:
    """The project's token in a file. Raises SettingsError where it is none, or nothing is asked with it."""
    if not file:
        return None
    if not has_use:
        raise SettingsError(
            "--token",
            "a token alone",
            "--login FILE, whose new token is compared with it, or --collection FILE, whose requests are sent with it",
            "./invoke supabase.prove --login FILE --token FILE",
        )
    return tokens.read(path_of(file))


def read_collection(env: Environment, file: str, token: Token | None) -> Asked:
    """The collection in a file, fit to be run on both APIs. Raises SettingsError and VerificationError where it is not."""
    from slipway.release import smoke_test
    from slipway.smoke.send import same_place
    from slipway.supabase.proving import reading

    url, here = env.settings.supabase_url, (smoke_test.base(env), env.engine.site())
    if not url or any(same_place(url, each) for each in here):
        found = "the address of this stack" if url else "not set"
        raise SettingsError("SUPABASE_URL", found, "the address of the project's API, for --collection", "edit .env")
    if token and token.is_over:
        raise SettingsError("--token", OVER, "one whose time has not passed", f"{tokens.HOW}; or leave --token out")
    smoke_test.provide(env)
    key = env.settings.supabase_api_key.get_secret_value()
    return reading.read(path_of(file), Secret(key), token.text if token else NO_SECRET)


def answers_of(env: Environment, reporter, asked: Asked) -> Compared:
    """What both APIs answer to the collection."""
    from slipway.release import smoke_test
    from slipway.supabase.proving import answers
    from slipway.supabase.proving.reading import Api

    if smoke_test.is_closed(env):
        said = f"the front door is closed for maintenance: ./invoke maintenance --state off{env.flag}"
        return Compared(answers.NAME, UNKNOWN, "", (said,))
    project, stack = Api(env.settings.supabase_url.rstrip("/")), Api(smoke_test.base(env), env.engine.site())
    found: list[Compared] = []

    def run(progress: Progress) -> str:
        found.append(answers.compare(asked, project, stack, progress.say))
        return found[0].found or found[0].state

    apply(Plan(((Step("answers", f"{asked.path.name} at both APIs", run),),)), reporter, end_all)
    return found[0]


def claims_of(env: Environment, email: str, password: str, old: Token | None) -> Compared:
    """What a login at the stack's app gives, compared with the project and with an old token of the project's."""
    try:
        payload = signing_in.payload(env.engine.url(), email, password)
    except HealthError as error:
        return Compared("claims", DIFFERS, "", (f"no token: {error.found}",))
    said = json.dumps(old.claims) if old else ""
    return env.engine.inside(CLAIMS, Claims(email, payload, said), Silent())


def write_down(reporter, proven: Proven) -> None:
    """A page for people and the same for programs."""
    text = json.dumps(encode(proven), ensure_ascii=False, indent=1)
    for file, content in ((page.FILE, page.html(proven)), (page.DATA, text + "\n")):
        disk.replace(ROOT / file, content, 0o644)
        reporter.line(f"  wrote {file}")
