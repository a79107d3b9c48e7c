"""The one door to the data side: a verb with its arguments in, its answer out."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping

from slipway.data import endpoints, wire
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.verb import A, R, Verb
from slipway.errors import SettingsError, SlipwayError

# Modules are named by text so that one verb does not pay for what another imports.
VERBS = {
    "gate.postgres": "slipway.data.gates.interface:POSTGRES",
    "gate.redis": "slipway.data.gates.interface:REDIS",
    "gate.objects": "slipway.data.gates.interface:OBJECTS",
    "gate.app": "slipway.data.gates.interface:APP",
    "roles": "slipway.data.postgres.interface:ROLES",
    "buckets": "slipway.data.objects.interface:BUCKETS",
    "migrate": "slipway.data.migrations.interface:MIGRATE",
    "migrate.try": "slipway.data.migrations.interface:TRY",
    "rollback": "slipway.data.migrations.interface:ROLLBACK",
    "goto": "slipway.data.migrations.interface:GOTO",
    "redo": "slipway.data.migrations.interface:REDO",
    "status": "slipway.data.migrations.interface:STATUS",
    "adopt": "slipway.data.migrations.interface:ADOPT",
    "fixtures": "slipway.data.fixtures.interface:FIXTURES",
    "lint": "slipway.data.migrations.foresight:LINT",
    "ahead": "slipway.data.migrations.foresight:AHEAD",
    "schema": "slipway.data.postgres.interface:SCHEMA",
    "drift": "slipway.data.migrations.interface:DRIFT",
    "rehearse": "slipway.data.rehearsal.interface:REHEARSE",
    "observe": "slipway.ops.interface:OBSERVE",
    "probe.app": "slipway.data.gates.interface:PROBE",
    "gateway.active": "slipway.ops.interface:ACTIVE",
    "gateway.configure": "slipway.ops.interface:CONFIGURE",
    "gateway.reload": "slipway.ops.interface:RELOAD",
    "gateway.switch": "slipway.ops.interface:SWITCH",
    "gateway.drain": "slipway.ops.interface:DRAIN",
    "gateway.tally": "slipway.ops.interface:TALLY",
    "releases.begin": "slipway.ops.interface:BEGIN",
    "releases.close": "slipway.ops.interface:CLOSE",
    "releases.list": "slipway.ops.interface:LIST",
    "releases.gap": "slipway.ops.interface:GAP",
    "restore": "slipway.data.restore.restoring:restore",
    "restore.look": "slipway.data.restore.looking:look",
    "restore.objects": "slipway.data.restore.objects:restore",
    "restore.redis": "slipway.data.restore.rdb:restore",
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
    "maintenance.on": "slipway.ops.interface:MAINTENANCE_ON",
    "maintenance.off": "slipway.ops.interface:MAINTENANCE_OFF",
    "maintenance.state": "slipway.ops.interface:MAINTENANCE",
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
        "restore",
        "restore.objects",
        "restore.redis",
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


def run(name: str, args: Mapping, env: Mapping[str, str], emit: Emit) -> dict:
    """`perform` for the wire: a verb's name and plain data in, plain data out. Raises SettingsError for wrong ones."""
    verb = find(name)
    try:
        given = wire.decode(verb.takes, args, strict=True)
    except wire.Mismatch as error:
        raise SettingsError(f"arguments of {name}", f"{error.where}: {error.found}", error.expected, "") from None
    return wire.encode(perform(verb, given, env, emit))


def perform(verb: Verb[A, R], args: A, env: Mapping[str, str], emit: Emit) -> R:
    """Does the verb on the endpoints that `env` names and returns its answer.

    `emit` gets progress events while it works. Raises SlipwayError subclasses whose texts hold no secret.
    """
    work = verb.function()
    ends = endpoints.read(env)
    try:
        return work(ends, args, lambda event: emit(scrub_event(event, ends)))
    except SlipwayError as error:
        raise without_secrets(error, ends) from None


def find(name: str) -> Verb:
    """The verb of that name. Raises SettingsError with the nearest known name."""
    if name not in VERBS:
        near = difflib.get_close_matches(name, VERBS, 1)
        raise SettingsError(
            "data verb",
            f"unknown: {name}",
            near[0] if near else ", ".join(VERBS),
            'python -m slipway.ops VERB \'{"json": "args"}\'',
        )
    module, found = VERBS[name].split(":")
    if found.isupper():
        return getattr(importlib.import_module(module), found)
    return Verb(name, VERBS[name], dict, dict, name in ALONE, name in CONFIDENTIAL)


def scrub_event(event: dict, ends: Endpoints) -> dict:
    return {key: ends.scrub(value) if isinstance(value, str) else value for key, value in event.items()}


def without_secrets(error: SlipwayError, ends: Endpoints) -> SlipwayError:
    """The same error, in its own class, with every known secret masked."""
    log = tuple(ends.scrub(line) for line in error.log)
    return type(error)(*(ends.scrub(text) for text in (error.where, error.found, error.expected, error.next)), log)
