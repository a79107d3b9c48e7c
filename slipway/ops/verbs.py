"""The one door to the data side: a verb's name and plain data in, plain data out."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping

from slipway.data import endpoints
from slipway.data.endpoints import Emit, Endpoints
from slipway.errors import SettingsError, SlipwayError
from slipway.stack import stores

# Modules are named by text so that one verb does not pay for what another imports.
VERBS = {
    **{f"gate.{name}": f"slipway.data.gates.{name}:gate" for name in (*stores.NAMES, "app")},
    "roles": "slipway.data.postgres.roles:establish",
    "buckets": "slipway.data.objects.buckets:establish",
    "migrate": "slipway.data.migrations.migrate:migrate",
    "rollback": "slipway.data.migrations.rollback:rollback",
    "goto": "slipway.data.migrations.rollback:goto",
    "redo": "slipway.data.migrations.rollback:redo",
    "status": "slipway.data.migrations.status:status",
    "adopt": "slipway.data.migrations.adopt:adopt",
    "fixtures": "slipway.data.fixtures.load:load",
    "lint": "slipway.data.migrations.lint:lint",
    "ahead": "slipway.data.migrations.ahead:ahead",
    "schema": "slipway.data.postgres.schema:schema",
    "drift": "slipway.data.migrations.drift:drift",
    "rehearse": "slipway.data.rehearsal.run:rehearse",
    "observe": "slipway.ops.observe:observe",
    "probe.app": "slipway.data.gates.probe:app",
    "gateway.active": "slipway.ops.gateway:active",
    "gateway.configure": "slipway.ops.gateway:configure",
    "gateway.reload": "slipway.ops.gateway:reload",
    "gateway.switch": "slipway.ops.gateway:switch",
    "gateway.drain": "slipway.ops.gateway:drain",
    "gateway.tally": "slipway.ops.gateway:tally",
    "releases.begin": "slipway.ops.releases:begin",
    "releases.close": "slipway.ops.releases:close",
    "releases.list": "slipway.ops.releases:list_releases",
    "releases.gap": "slipway.ops.releases:gap",
    "restore": "slipway.data.restore.restoring:restore",
    "restore.look": "slipway.data.restore.looking:look",
    "restore.objects": "slipway.data.restore.objects:restore",
    **{f"restore.{name}": f"slipway.data.{name}.restore:restore" for name in stores.WHOLE},
    "restore.drop": "slipway.data.restore.restoring:drop_kept",
    "restore.analyze": "slipway.data.restore.restoring:analyze",
    "backups.drill": "slipway.data.restore.drill:drill",
    "pitr.establish": "slipway.data.pitr.establish:establish",
    "pitr.backup": "slipway.data.pitr.backup:backup",
    "pitr.keep": "slipway.data.pitr.backup:keep",
    "pitr.status": "slipway.data.pitr.status:status",
    "pitr.ask": "slipway.data.pitr.asking:ask",
    "pitr.flush": "slipway.data.pitr.restore:flush",
    "pitr.restore": "slipway.data.pitr.restore:restore",
    "pitr.verify": "slipway.data.pitr.restore:verify",
    "pitr.closed": "slipway.data.pitr.restore:note_closed",
    "pitr.switch": "slipway.data.pitr.restore:switch",
    "pitr.done": "slipway.data.pitr.restore:finish_restore",
    "pitr.settle": "slipway.data.pitr.restore:settle",
    "maintenance.on": "slipway.ops.maintenance:on",
    "maintenance.off": "slipway.ops.maintenance:off",
    "maintenance.state": "slipway.ops.maintenance:state",
    "backup": "slipway.ops.backup:backup",
    "backups.list": "slipway.data.backups.listing:list_backups",
    "backups.check": "slipway.data.backups.listing:check",
    "backups.verify": "slipway.data.backups.proof:prove",
    "backups.standing": "slipway.data.backups.listing:describe_standing",
    "backups.prune": "slipway.data.backups.prune:prune",
    "backups.push": "slipway.data.offsite.push:push",
    "backups.fetch": "slipway.data.offsite.fetch:fetch",
}

# What works for long on much data gets a process of its own, whose memory ends with it. The others share one where an
# engine keeps it: starting Python costs more than most of them do.
ALONE = frozenset(
    {
        "schema",
        "drift",
        "rehearse",
        "restore",
        "restore.objects",
        *(f"restore.{name}" for name in stores.WHOLE),
        "backup",
        "backups.drill",
        "backups.verify",
        "backups.prune",
        "backups.push",
        "backups.fetch",
        "pitr.backup",
        "pitr.keep",
        "pitr.restore",
        "pitr.verify",
    }
)
# Their arguments hold a secret, which no command line may show: they are asked over standard input.
CONFIDENTIAL = frozenset({"backups.fetch"})


def run(verb: str, args: dict, env: Mapping[str, str], emit: Emit) -> dict:
    """Does the verb on the endpoints that `env` names and returns its result as plain data.

    `emit` gets progress events while it works. Raises SlipwayError subclasses whose texts hold no secret.
    """
    work = find(verb)
    ends = endpoints.read(env)
    try:
        return work(ends, args, lambda event: emit(scrub_event(event, ends)))
    except SlipwayError as error:
        raise without_secrets(error, ends) from None


def find(verb: str):
    """The function of a verb. Raises SettingsError with the nearest known name."""
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, 1)
        raise SettingsError(
            "data verb",
            f"unknown: {verb}",
            near[0] if near else ", ".join(VERBS),
            'python -m slipway.ops VERB \'{"json": "args"}\'',
        )
    module, function = VERBS[verb].split(":")
    return getattr(importlib.import_module(module), function)


def scrub_event(event: dict, ends: Endpoints) -> dict:
    return {key: ends.scrub(value) if isinstance(value, str) else value for key, value in event.items()}


def without_secrets(error: SlipwayError, ends: Endpoints) -> SlipwayError:
    """The same error, in its own class, with every known secret masked."""
    log = tuple(ends.scrub(line) for line in error.log)
    return type(error)(*(ends.scrub(text) for text in (error.where, error.found, error.expected, error.next)), log)
