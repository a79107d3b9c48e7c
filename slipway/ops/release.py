"""`python -m slipway.ops.release prepare` and `switch COLOUR`: a release that nobody drives from outside.

Dokploy deploys from Git by one command, which may be a chain of docker compose. Between its parts these are run, so that
no part of it stops what serves: `prepare` before anything is started, `switch` as soon as a colour is there. The first that
fails ends the chain, and what served goes on.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

from slipway.data import endpoints
from slipway.data.backups.interface import BACKUP, NEED, VERIFY, Backup, Verify
from slipway.data.endpoints import Endpoints
from slipway.data.gates.interface import PROBE, STORES, Probe
from slipway.data.migrations.interface import MIGRATE, Migrate
from slipway.data.objects.interface import BUCKETS, Establish
from slipway.data.postgres.interface import ROLES
from slipway.data.verb import A, Nothing, R, Verb
from slipway.errors import SettingsError, SlipwayError
from slipway.ops import scheduler
from slipway.ops.interface import (
    ACTIVE,
    CONFIGURE,
    DRAIN,
    OBSERVE,
    RELOAD,
    SWITCH,
    Configuration,
    Drain,
    Switch,
)

OTHER = {"blue": "green", "green": "blue"}
BY = "Dokploy, from Git"
WAIT = 1800.0  # seconds that a backup which is being taken already may go on
SWIFT = 5.0  # seconds for an app that serves already


class Failed(Exception):
    """A verb that failed, which has been told; `code` is its exit code."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


def ask(verb: Verb[A, R], args: A) -> R:
    """A verb's answer. Raises Failed."""
    found = scheduler.run(verb, args)
    if found.answer is None:
        raise Failed(found.code or 1)
    return found.answer


def prepare(ends: Endpoints, env: Mapping[str, str]) -> None:
    """Gates, roles, buckets, a proven backup and the migrations; and blue serves, so that green may be replaced."""
    for gate in STORES.values():
        ask(gate, Nothing())
    if ends.admin_url:
        ask(ROLES, Nothing())
    ask(BUCKETS, Establish())
    seen = ask(OBSERVE, Nothing())
    if seen.pending or seen.problems:
        back_up(", ".join(seen.pending))
        ask(MIGRATE, Migrate(BY, ""))
    configure(json.loads(env["GATEWAY_CONFIG"]))
    if ask(ACTIVE, Nothing()).active == "green":
        lead(env, "blue", SWIFT)


def back_up(pending: str) -> None:
    """A backup before migrations, read to its end; none where there is nothing to lose."""
    if ask(NEED, Nothing()).needless:
        return
    made = ask(BACKUP, Backup("deploy", f"before {pending}"[:200], wait=WAIT))
    ask(VERIFY, Verify(made.id, read=True))


def configure(config: Mapping) -> None:
    """The gateway's configuration: taken where it runs, else what it will start with."""
    if ask(ACTIVE, Nothing()).up:
        ask(RELOAD, Configuration(config))
    else:
        ask(CONFIGURE, Configuration(config))


def lead(env: Mapping[str, str], colour: str, patience: float) -> None:
    """Requests go to a colour as soon as it is ready, and those on their way elsewhere end."""
    ask(PROBE, Probe(f"app-{colour}", int(env["APP_PORT"]), int(env["APP_REPLICAS"]), patience, env["SITE"]))
    ask(SWITCH, Switch(colour))
    if ask(ACTIVE, Nothing()).up:
        ask(DRAIN, Drain(OTHER[colour], float(env["DRAIN_TIMEOUT"])))


def run(words: list[str], env: Mapping[str, str]) -> None:
    """One part of a release. Raises Failed, and SettingsError for a part that there is not."""
    match words:
        case ["prepare"]:
            prepare(endpoints.read(env), env)
        case ["switch", ("blue" | "green") as colour]:
            lead(env, colour, float(env["APP_BOOT_TIMEOUT"]))
        case _:
            raise SettingsError(
                "slipway.ops.release", " ".join(words), "prepare, switch blue or switch green", "prepare"
            )


def main(words: list[str]) -> int:
    try:
        run(words, os.environ)
    except Failed as failed:
        return failed.code
    except SlipwayError as error:
        print(error, flush=True)
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
