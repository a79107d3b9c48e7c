"""Everything that `up`, `deploy` and `rollback` do, in order: one page each, pure.

A level that has nothing to do is empty, and left out. What a step is for, and what takes it back, stands with the step.
"""

from __future__ import annotations

from slipway.engine import Seen
from slipway.environment import Environment
from slipway.plan import Plan
from slipway.release import archive, gates, hooks, provision, rollout, safety, services, smoke_test
from slipway.release.change import Change, Swap
from slipway.release.record import Record


def up(env: Environment, seen: Seen, change: Change, record: Record) -> Plan:
    """The whole stack as the settings ask for it."""
    return Plan(
        (
            *services.images(env, seen),
            services.start(env, change, change.data_tier),
            gates.stores(env, change),
            provision.settle(env, seen, change),  # roles and buckets
            *archive.levels(env, seen, change),
            record.step(change),
            *safety.levels(env, change, record),  # rehearsal, backup and its proof
            provision.migrate(env, change, record),
            provision.fixtures(env, change),
            *rollout.levels(env, seen, change, record=record),
        )
    )


def deploy(env: Environment, seen: Seen, change: Change, record: Record) -> Plan:
    """The same, with hooks around the migrations, and a release that has to prove itself in its place."""
    smoke = smoke_test.level(env)
    watch = rollout.watch(env, change.swap.new) if change.swap else ()
    todo = Plan(
        (
            *services.images(env, seen),
            services.start(env, change, change.data_tier),
            gates.stores(env, change),
            provision.settle(env, seen, change),
            *archive.levels(env, seen, change),
            record.step(change),
            hooks.step(env, change, record, "pre-deploy"),
            *safety.levels(env, change, record),
            provision.migrate(env, change, record),
            hooks.step(env, change, record, "post-migrate") if change.migrations else (),
            provision.fixtures(env, change),
            *rollout.levels(env, seen, change, proofs=(smoke, watch), record=record),
        )
    )
    # In its place there is no old release to go back to: the smoke test comes last of all.
    return todo if change.swap or not todo else Plan((*todo, smoke))


def rollback(env: Environment, seen: Seen, swap: Swap, record: Record) -> Plan:
    """An older image by the same swap; the schema stays as it is."""
    change = Change(services={"app": swap.cause}, swap=swap)
    watch = rollout.watch(env, swap.new)
    return Plan((record.step(change), *rollout.levels(env, seen, change, proofs=(watch,))))
