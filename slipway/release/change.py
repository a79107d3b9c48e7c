"""What differs between the stack that the settings ask for and the one that was seen. Pure, but for asking what is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slipway.engine import Running, Seen
from slipway.environment import Environment
from slipway.ops.interface import Observed
from slipway.stack import stores

OTHER = {"blue": "green", "green": "blue"}
ALIVE = ("running", "scaled", "restarting")
DATA_TIER = (*stores.NAMES, "ops", "schedule", "pitr")


@dataclass(frozen=True)
class Swap:
    """From one colour to the other: with which image, and why."""

    old: str
    new: str
    image: str
    cause: str


@dataclass(frozen=True)
class Change:
    """What a deploy has to bring. Empty texts and tuples stand for nothing to do."""

    services: Mapping[str, str] = field(default_factory=dict)  # those that are not as wanted, each with the reason
    doubtful: Mapping[str, str] = field(
        default_factory=dict
    )  # stores that have to prove themselves, each with the cause
    swap: Swap | None = None  # None: the app starts in place, or is as wanted
    migrations: str = ""  # which are pending, in words
    fixtures: str = ""
    running: frozenset[str] = frozenset()  # services that ran when it was seen
    wanted: int = 0  # services in all

    @property
    def data_tier(self) -> list[str]:
        """Services that are started before the schema is touched."""
        return [name for name in self.services if name in DATA_TIER]

    @property
    def front(self) -> list[str]:
        """Services that are started after it."""
        return [name for name in self.services if name not in DATA_TIER]

    @property
    def replaced_services(self) -> list[str]:
        """Services that run and are started anew."""
        return [name for name in self.services if name in self.running]

    @property
    def touches(self) -> bool:
        """Whether something that is there already is replaced or migrated: what a person may want to be asked about."""
        return bool(self.replaced_services) or bool(self.migrations and self.running)

    def tally(self, migrated: int) -> dict[str, int]:
        """How many services were started, replaced and kept, once `migrated` migrations have been applied."""
        replaced, started = len(self.replaced_services), len(self.services) - len(self.replaced_services)
        kept = self.wanted - len(self.services)
        return {"started": started, "replaced": replaced, "migrated": migrated, "kept": kept}

    @property
    def is_release(self) -> bool:
        """Whether it brings another app or another schema, and so is a release of its own."""
        return "app" in self.services or bool(self.migrations or self.fixtures)


def compare(env: Environment, seen: Seen) -> Change:
    """The change from what was seen to what the settings ask for."""
    wanted = env.engine.wanted_fingerprints()
    services = differences(wanted, seen.services)
    data = {name for name in services if name in DATA_TIER}
    doubtful = in_doubt(seen, data)
    # A new ops may carry other files than the one that was asked.
    asked = None if "postgres" in doubtful or "ops" in data else facts(seen)
    return Change(
        services,
        doubtful,
        swap(env, seen, services),
        describe_pending((asked.pending or asked.problems) if asked else None),
        describe_pending(asked.fixtures_pending if asked else None) if env.settings.fixtures_wanted else "",
        frozenset(name for name, service in seen.services.items() if service.state in ALIVE),
        len(wanted),
    )


def differences(wanted: Mapping[str, str], found: Mapping[str, Running]) -> dict[str, str]:
    """Services that are not as wanted, each with the reason."""
    reasons = {name: reason(config, found.get(name)) for name, config in wanted.items()}
    return {name: text for name, text in reasons.items() if text}


def reason(config: str, running: Running | None) -> str:
    if running is None:
        return "not running"
    if running.state != "running":
        return {"orphan": running.detail, "restarting": "keeps restarting"}.get(
            running.state, running.detail or "stopped"
        )
    return "" if running.config == config else "settings, secrets or image changed"


def in_doubt(seen: Seen, changed: set[str]) -> dict[str, str]:
    """Stores that have to prove themselves: those that start in this run, and all where the app does not answer."""
    away = unreachable(seen)
    cause = away if seen.answering else seen.last_answer or "not proven yet"
    doubtful = (
        stores.NAMES if not seen.answering else [s for s in stores.NAMES if s in changed or (s == "postgres" and away)]
    )
    return {store: "started in this run" if store in changed else cause for store in doubtful}


def unreachable(seen: Seen) -> str:
    """Why the database did not let the data side in: an app may answer without it. Empty where it did, or was not asked."""
    if not seen.data or seen.data.postgres.reachable:
        return ""
    return seen.data.postgres.reason or "not reachable"


def facts(seen: Seen) -> Observed | None:
    """What the data side knows of the schema; None where it could not ask the database."""
    return seen.data if seen.data and seen.data.postgres.reachable else None


def describe_pending(names: Sequence[str] | None) -> str:
    """What is pending; all that may be where nothing is known."""
    return "whatever is pending" if names is None else join_names(names)


def join_names(names: Sequence[str]) -> str:
    """The first four names in a line, and how many more there are."""
    shown = ", ".join(names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown


def swap(env: Environment, seen: Seen, differ: Mapping[str, str]) -> Swap | None:
    """The swap that brings the wanted app, or None: nothing serves that could go on meanwhile, or nothing has changed."""
    app, rollout = seen.services.get("app"), env.engine.rollout
    if not (rollout.beside and app and "app" in differ and "gateway" in seen.services):
        return None
    if app.state not in ("running", "scaled") or app.config == env.engine.wanted_fingerprints()["app"]:
        return None
    return Swap(seen.colour, OTHER[seen.colour], rollout.image(), differ["app"])


def describe_tally(tally: Mapping[str, int]) -> str:
    """A tally in words, without what there was none of."""
    return ", ".join(f"{number} {word}" for word, number in tally.items() if number)


def cut_short(seen: Seen) -> bool:
    """Whether a deploy was: only who holds the lock may say that it is not still under way."""
    newest = seen.data.releases.newest if seen.data else None
    return bool(
        seen.idle_running or seen.routed_to not in ("", seen.colour) or (newest and newest["result"] == "running")
    )
