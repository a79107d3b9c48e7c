"""What stores must hold before an app may start, as steps: roles, buckets, the schema, fixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from slipway.data.fixtures.interface import FIXTURES, Load
from slipway.data.objects.interface import BUCKETS, Establish, Feature
from slipway.data.postgres.interface import ROLES
from slipway.data.verb import Nothing
from slipway.engine import Engine, Seen
from slipway.environment import Environment
from slipway.ops.interface import Current, Observed
from slipway.plan import Level, Progress, Step
from slipway.release.change import Change, join_names
from slipway.release.record import Record


def settle(env: Environment, seen: Seen, change: Change) -> Level:
    """Roles and buckets, which a fresh store lacks and a changed setting outdates; they touch only what is not right."""
    current = seen.data.current if seen.data else Current(False, False, False)
    steps, doubtful = [], {*change.doubtful, *change.data_tier}
    # A role's changed password shows as a changed ops, which is told it.
    stale = {"postgres", "ops"} & doubtful or not current.roles
    if env.settings.postgres == "bundled" and stale:
        steps.append(Step("roles", "database, roles, passwords, grants", partial(roles, env.engine)))
    if "objects" in doubtful or not current.objects:
        steps.append(Step("buckets", ", ".join(env.settings.s3_buckets), partial(buckets, env.engine)))
    return tuple(steps)


def roles(engine: Engine, progress: Progress) -> str:
    changed = engine.inside(ROLES, Nothing(), progress).changed
    return f"{len(changed)} changes" if changed else "as they should be"


def buckets(engine: Engine, progress: Progress) -> str:
    found = engine.inside(BUCKETS, Establish(), progress)
    made = f"made {', '.join(found.created)}" if found.created else "there"
    return "; ".join((made, *shortcomings(found.features)))


def shortcomings(features: Mapping[str, Feature]) -> list[str]:
    """What this object store does wrong, first, and what it does not do, as the canary found."""
    bad = {name.replace("_", " "): feature.reason for name, feature in features.items() if not feature.ok}
    wrong = [name for name, text in bad.items() if "dangerous" in text]
    lacking = [name for name in bad if name not in wrong]
    return [
        *([f"DANGEROUS here, they overwrite the object: {join_names(wrong)}"] if wrong else []),
        *([f"lacks {join_names(lacking)}"] if lacking else []),
    ]


def describe_excess(data: Observed | None) -> list[str]:
    """What the app's role may that it should not, with what takes it away."""
    return [f"{said}; ./invoke db.roles makes one that may not" for said in (data.excess if data else ())]


def migrate(env: Environment, change: Change, record: Record) -> Level:
    """The step that brings the schema, and notes who did it and with which release; none where nothing is pending."""

    def work(progress: Progress) -> str:
        from slipway.data.migrations.interface import MIGRATE, Migrate

        record.begin_count()
        args = Migrate(record.facts.get("by", ""), record.content.get("id", ""))
        done = env.engine.inside(MIGRATE, args, progress).applied
        record.migrated = len(done)
        return remark([each.file for each in done])

    return (Step("migrate", change.migrations, work),) if change.migrations else ()


def fixtures(env: Environment, change: Change) -> Level:
    """The step that loads what is to be loaded; none where nothing is pending, or wanted."""

    def work(progress: Progress) -> str:
        done = env.engine.inside(FIXTURES, Load(), progress).loaded
        return remark([each.file for each in done])

    return (Step("fixtures", change.fixtures, work),) if change.fixtures else ()


def remark(names: Sequence[str]) -> str:
    return f"{len(names)}: {join_names(names)}" if names else "nothing pending"
