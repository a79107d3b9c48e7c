"""Which release a rollback goes to, and under which name its image can be had; what speaks against it is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from slipway.config import envfile
from slipway.environment import Environment
from slipway.errors import EngineError, MigrationError, SettingsError
from slipway.ops.interface import GAP, Gap, Release
from slipway.plan import Plan, Silent, Step, apply
from slipway.release import history
from slipway.system.process import end_all


def every(env: Environment) -> Sequence[Mapping]:
    """All records, newest first: what people go back to may be old."""
    return history.every(env, history.ALL)


def assume_success(records: Sequence[Mapping]) -> Sequence[Mapping]:
    """The records as they are if what is under way, or was cut short, has come to a good end by the time of the lock."""
    return [{**record, "result": "good"} if record["result"] == "running" else record for record in records]


def check_target(env: Environment, reporter, name: str | None, records: Sequence[Mapping]) -> Mapping:
    """The record to go back to, with an image that the engine has. Raises what speaks against it."""
    target = choose_record(env, records, name)
    refuse_gap(env, target)
    return {**target, "image": image_of(env, reporter, target)}


def good(records: Sequence[Mapping]) -> list[Mapping]:
    return [record for record in records if record["result"] == "good"]


def choose_record(env: Environment, records: Sequence[Mapping], name: str | None) -> Mapping:
    """The record that was asked for; by default the last good one before what serves. Records: newest first."""
    serving = next(iter(good(records)), None)
    if name is None:
        return before(env, records, serving)
    found = history.find_record(records, name)
    if not found:
        raise SettingsError("release", name, "a release that is on record", f"./invoke rollback --list{env.flag}")
    if found["result"] != "good":
        raise SettingsError(
            f"rollback to {found['id']}",
            f"that release is {history.describe_result(found)}: it has never proven itself",
            "a release that was good",
            f"./invoke rollback --list{env.flag}; or git checkout {found['revision'] or 'its revision'} and deploy it",
        )
    if serving and same_image(found, serving):
        raise SettingsError(
            f"rollback to {found['id']}",
            f"its image is the one that serves now, as {serving['id']}; settings do not come back with an image",
            "a release with another image",
            f"edit {envfile.path_of(env.root, env.on).name}, then ./invoke deploy{env.flag}",
        )
    return found


def before(env: Environment, records: Sequence[Mapping], serving: Mapping | None) -> Mapping:
    """The newest good record that is older than what serves now and has another image."""
    older = records[records.index(origin(records, serving)) + 1 :] if serving else ()
    found = next((record for record in good(older) if serving and not same_image(record, serving)), None)
    if not found:
        raise SettingsError(
            "rollback",
            "no good release with another image before this one",
            f"an older release to go back to; settings come from {envfile.path_of(env.root, env.on).name}",
            f"./invoke history{env.flag}",
        )
    return found


def origin(records: Sequence[Mapping], record: Mapping) -> Mapping:
    """The release that a record brought back, and that one in turn; the record itself where it brought none."""
    known = {each["id"]: each for each in records}
    while record.get("target") in known:
        record = known[record["target"]]
    return record


def same_image(one: Mapping, other: Mapping) -> bool:
    """Whether two releases ran from one image; a tag may go on to another, so it counts only where no id is known."""
    key = "image_id" if one.get("image_id") and other.get("image_id") else "image"
    return one[key] == other[key]


def at_hand(env: Environment, record: Mapping) -> str:
    """The name under which the engine has the very image of a release now; an empty text if it has it no more."""
    rollout, identity = env.engine.rollout, record.get("image_id")
    found = rollout.image_id(record["image"])
    if found and (not identity or found == identity):
        return record["image"]
    # Its tag went on to another image, or went.
    there = [name for name in (record.get("digest"), identity) if name and rollout.image_id(name)]
    return there[0] if there else ""


def image_of(env: Environment, reporter, target: Mapping) -> str:
    """The image of a release: at hand, or pulled by its digest. Raises EngineError where neither can be."""
    if found := at_hand(env, target):
        return found
    if digest := target.get("digest"):
        pull = Step(f"pull {digest}", "not on the engine", partial(env.engine.rollout.pull, digest))
        apply(Plan(((pull,),)), reporter, end_all)
        return digest
    raise EngineError(
        f"image of {target['id']}",
        f"{target['image']} is another image now"
        if env.engine.rollout.image_id(target["image"])
        else f"{target['image']} is not on the engine, and it came from no registry",
        "the image of that release",
        f"git checkout {target['revision'] or 'its revision'}, then ./invoke deploy{env.flag}",
    )


def refuse_gap(env: Environment, target: Mapping) -> None:
    gap = env.engine.inside(GAP, Release(target["id"]), Silent())
    if gap.reason:
        named = f" ({', '.join(gap.migrations)})" if gap.migrations else ""
        raise MigrationError(
            f"rollback to {target['id']}",
            gap.reason + named,
            "a schema that this release can read",
            way_to_schema(env, target, gap),
        )


def way_to_schema(env: Environment, target: Mapping, gap: Gap) -> str:
    """What to type for a schema that a release can read."""
    if gap.backup:
        return f"./invoke restore {gap.backup}{env.flag} brings the data of then back"
    goto = f"./invoke db.goto {target['schema_after']}{env.flag}"
    if not gap.migrations:
        return goto
    return (
        f"{goto}, or mark those migrations `-- slipway: compatible` if {target['id']} can read what they leave; "
        "no backup of then is left"
    )
