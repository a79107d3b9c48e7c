"""The one door to the data side: a verb with its arguments in, its answer out."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping

from slipway.data import endpoints, wire
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.verb import A, R, Verb
from slipway.errors import SettingsError, SlipwayError
from slipway.stack import stores

# By text: whoever asks one verb does not pay for the words of the others.
VERBS = {
    **{f"gate.{name}": "slipway.data.gates.interface:STORES" for name in stores.NAMES},
    "stores.trouble": "slipway.data.gates.interface:TROUBLE",
    "gate.app": "slipway.data.gates.interface:APP",
    "probe.app": "slipway.data.gates.interface:PROBE",
    "roles": "slipway.data.postgres.interface:ROLES",
    "roles.app": "slipway.data.postgres.interface:APP_ROLE",
    "schema": "slipway.data.postgres.interface:SCHEMA",
    "buckets": "slipway.data.objects.interface:BUCKETS",
    "migrate": "slipway.data.migrations.interface:MIGRATE",
    "migrate.try": "slipway.data.migrations.interface:TRY",
    "rollback": "slipway.data.migrations.interface:ROLLBACK",
    "goto": "slipway.data.migrations.interface:GOTO",
    "redo": "slipway.data.migrations.interface:REDO",
    "adopt": "slipway.data.migrations.interface:ADOPT",
    "import": "slipway.data.migrations.interface:IMPORT",
    "status": "slipway.data.migrations.interface:STATUS",
    "drift": "slipway.data.migrations.interface:DRIFT",
    "lint": "slipway.data.migrations.foresight:LINT",
    "ahead": "slipway.data.migrations.foresight:AHEAD",
    "fixtures": "slipway.data.fixtures.interface:FIXTURES",
    "rehearse": "slipway.data.rehearsal.interface:REHEARSE",
    "observe": "slipway.ops.interface:OBSERVE",
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
    "maintenance.on": "slipway.ops.interface:MAINTENANCE_ON",
    "maintenance.off": "slipway.ops.interface:MAINTENANCE_OFF",
    "maintenance.state": "slipway.ops.interface:MAINTENANCE",
    "backup": "slipway.data.backups.interface:BACKUP",
    "backup.need": "slipway.data.backups.interface:NEED",
    "backups.list": "slipway.data.backups.interface:LIST",
    "backups.standing": "slipway.data.backups.interface:STANDING",
    "backups.check": "slipway.data.backups.interface:CHECK",
    "backups.verify": "slipway.data.backups.interface:VERIFY",
    "backups.prune": "slipway.data.backups.interface:PRUNE",
    "restore": "slipway.data.restore.interface:RESTORE",
    "restore.look": "slipway.data.restore.interface:LOOK",
    "restore.objects": "slipway.data.restore.interface:OBJECTS",
    "restore.objects.look": "slipway.data.restore.interface:LOOK_AT_OBJECTS",
    **{f"restore.{name}": "slipway.data.restore.interface:WHOLE" for name in stores.WHOLE},
    "restore.drop": "slipway.data.restore.interface:DROP",
    "restore.analyze": "slipway.data.restore.interface:ANALYZE",
    "backups.drill": "slipway.data.restore.interface:DRILL",
    "backups.push": "slipway.data.offsite.interface:PUSH",
    "backups.fetch": "slipway.data.offsite.interface:FETCH",
    "pitr.establish": "slipway.data.pitr.interface:ESTABLISH",
    "pitr.backup": "slipway.data.pitr.interface:BACKUP",
    "pitr.keep": "slipway.data.pitr.interface:KEEP",
    "pitr.status": "slipway.data.pitr.interface:STATUS",
    "pitr.ask": "slipway.data.pitr.interface:ASK",
    "pitr.flush": "slipway.data.pitr.interface:FLUSH",
    "pitr.restore": "slipway.data.pitr.interface:RESTORE",
    "pitr.verify": "slipway.data.pitr.interface:VERIFY",
    "pitr.closed": "slipway.data.pitr.interface:CLOSED",
    "pitr.switch": "slipway.data.pitr.interface:SWITCH",
    "pitr.done": "slipway.data.pitr.interface:DONE",
    "pitr.settle": "slipway.data.pitr.interface:SETTLE",
    "supabase.inventory": "slipway.supabase.interface:INVENTORY",
    "supabase.copy": "slipway.supabase.interface:COPY",
    "supabase.objects": "slipway.supabase.interface:OBJECTS",
    "supabase.delta": "slipway.supabase.interface:DELTA",
    "supabase.role": "slipway.supabase.interface:ROLE",
    "supabase.prove": "slipway.supabase.interface:PROVE",
    "supabase.claims": "slipway.supabase.interface:CLAIMS",
    "supabase.secrets": "slipway.supabase.interface:VAULT",
    "supabase.secrets.values": "slipway.supabase.interface:VAULT_VALUES",
    "supabase.history": "slipway.supabase.history.interface:HISTORY",
    "supabase.migrations": "slipway.supabase.history.interface:MIGRATIONS",
    "supabase.fixtures": "slipway.supabase.history.interface:FIXTURES",
}


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
    module, constant = VERBS[name].split(":")
    found = getattr(importlib.import_module(module), constant)
    return found if isinstance(found, Verb) else found[name.partition(".")[2]]  # one for each store


def scrub_event(event: dict, ends: Endpoints) -> dict:
    return {key: ends.scrub(value) if isinstance(value, str) else value for key, value in event.items()}


def without_secrets(error: SlipwayError, ends: Endpoints) -> SlipwayError:
    """The same error, in its own class, with every known secret masked."""
    log = tuple(ends.scrub(line) for line in error.log)
    return type(error)(*(ends.scrub(text) for text in (error.where, error.found, error.expected, error.next)), log)
