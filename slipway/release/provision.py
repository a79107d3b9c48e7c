"""What stores must hold before an app may start, as steps: roles, buckets, the schema, fixtures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from slipway.engine import Engine, Seen
from slipway.environment import World
from slipway.plan import Level, Progress, Step


def settle(world: World, seen: Seen, doubtful: Sequence[str]) -> Level:
    """Roles and buckets, which a fresh store lacks and a changed setting outdates; they touch only what is not right."""
    current = (seen.data or {}).get("current", {})
    steps = []
    # A role's changed password shows as a changed ops, which is told it.
    stale = {"postgres", "ops"} & set(doubtful) or not current.get("roles")
    if world.settings.postgres == "bundled" and stale:
        steps.append(Step("roles", "database, roles, passwords, grants", partial(roles, world.engine)))
    if "objects" in doubtful or not current.get("objects"):
        steps.append(Step("buckets", ", ".join(world.settings.s3_buckets), partial(buckets, world.engine)))
    return tuple(steps)


def roles(engine: Engine, progress: Progress) -> str:
    changed = engine.inside("roles", {}, progress)["changed"]
    return f"{len(changed)} changes" if changed else "as they should be"


def buckets(engine: Engine, progress: Progress) -> str:
    found = engine.inside("buckets", {}, progress)
    made = f"made {', '.join(found['created'])}" if found["created"] else "there"
    return "; ".join((made, *shortcomings(found["features"])))


def shortcomings(features: Mapping[str, Mapping]) -> list[str]:
    """What this object store does wrong, first, and what it does not do, as the canary found."""
    bad = {name.replace("_", " "): feature["reason"] for name, feature in features.items() if not feature["ok"]}
    wrong = [name for name, text in bad.items() if "dangerous" in text]
    lacking = [name for name in bad if name not in wrong]
    return [
        *([f"DANGEROUS here, they overwrite the object: {listed(wrong)}"] if wrong else []),
        *([f"lacks {listed(lacking)}"] if lacking else []),
    ]


def schema(world: World, seen: Seen, changed: bool) -> tuple[Level, Level]:
    """Migrations and fixtures: those that are pending, or all that may be while the database cannot be asked."""
    known = seen.data if seen.data and seen.data["postgres"]["reachable"] and not changed else None
    migrations = known and (known["pending"] or known["problems"])
    migrate: Level = ()
    if known is None or migrations:
        migrate = (
            Step(
                "migrate",
                listed(known["pending"] or known["problems"]) if known else "whatever is pending",
                partial(applied, world.engine, "migrate"),
            ),
        )
    fixtures: Level = ()
    if world.settings.fixtures_wanted and (known is None or known["fixtures_pending"]):
        fixtures = (
            Step(
                "fixtures",
                listed(known["fixtures_pending"]) if known else "whatever is pending",
                partial(applied, world.engine, "fixtures"),
            ),
        )
    return migrate, fixtures


def applied(engine: Engine, verb: str, progress: Progress) -> str:
    done = engine.inside(verb, {}, progress)
    names = [entry["file"] for entry in done.get("applied", done.get("loaded", []))]
    return f"{len(names)}: {listed(names)}" if names else "nothing pending"


def listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown
