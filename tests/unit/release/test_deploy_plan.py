"""The exact text of a deploy's plan, of its undo, and of the repair of one that was killed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from slipway.data.gates.interface import Probe
from slipway.engine import Running, Seen
from slipway.environment import Environment
from slipway.errors import GateError, Interrupted, LockHeld, LockLost
from slipway.ops.interface import Drain
from slipway.plan import Journal, Silent, Step, way_back
from slipway.release import change, execute, gates, gateway, recover, rollout, smoke_test
from slipway.release.change import Swap
from slipway.stack import model
from tests.support import fakes
from tests.support.fakes import UP, Machine, answer, observed
from tests.unit.conftest import settings_of

FRONT = {"upstreams": [{"dial": "app-green:8000"}, {"dial": "app-blue:8000"}], "grace_period": "30s"}


@dataclass(frozen=True)
class Colours:
    """A rollout that plans and starts nothing."""

    beside = True

    def front(self) -> str:
        return json.dumps(FRONT)

    def image(self) -> str:
        return "slipway/app:2"

    def retire(self, colour, progress):
        raise AssertionError("planning stops nothing")


@dataclass(frozen=True)
class Beside(Machine):
    rollout: Colours = Colours()


SEEN = replace(
    UP,
    colour="green",
    routed_to="green",
    gateway_up=True,
    front=FRONT,
)
OLD = {"app": Running("running", "app 0")}
RUNS = SEEN.services["app"].config


def env(tmp_path: Path, **values) -> Environment:
    settings = settings_of(app_context="elsewhere", **values)
    return Environment(tmp_path, settings.environment, settings, model.build(settings), Beside(), "")


def seen(**services: Running) -> Seen:
    return replace(SEEN, services=SEEN.services | services)


def ran(name: str) -> Step:
    return Step(name, "", lambda progress: None)


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def test_a_changed_app_starts_beside_the_one_that_serves(tmp_path):
    plan = fakes.deploy(env(tmp_path, watch_seconds=20), seen(**OLD))
    assert lines(plan.text()) == lines("""
        1  record           who, what, when
        2  start app-blue   beside app-green: settings, secrets or image changed
        3  probe app-blue   until /ready answers 200, 60 s at most
        4  switch           green → blue
        5  drain app-green  requests in flight, 30 s at most
        6  watch            20 s: errors and restarts
        7  front door       http://127.0.0.1:8080/ready
        8  stop app-green   app-blue serves""")


def test_hooks_that_are_there_stand_around_the_migrations(tmp_path):
    (tmp_path / "hooks").mkdir()
    for name in ("pre-deploy", "post-migrate"):
        (tmp_path / "hooks" / name).write_text("")
    here = env(tmp_path, load_fixtures=False)
    waiting = replace(seen(**OLD), data=observed(pending=["1_m.up.sql"]))
    names = [step.name for step in fakes.deploy(here, waiting).steps]
    assert names[:5] == ["record", "hook pre-deploy", "migrate", "hook post-migrate", "start app-blue"]


IN_PLACE = {
    "nothing to do": (SEEN, []),
    "migrations alone": (
        replace(SEEN, data=observed(pending=["1_m.up.sql"])),
        ["record", "migrate", "gate app", "smoke test"],
    ),
    "the app does not run": (
        seen(app=Running("stopped", "app 1")),
        ["record", "start app", "gate app", "front door", "smoke test"],
    ),
    "a swap": (
        seen(**OLD),
        [
            "record",
            "start app-blue",
            "probe app-blue",
            "switch",
            "drain app-green",
            "smoke test",
            "watch",
            "front door",
            "stop app-green",
        ],
    ),
}


@pytest.mark.parametrize(("found", "names"), IN_PLACE.values(), ids=IN_PLACE)
def test_every_deploy_that_does_anything_ends_with_its_smoke_test_once(tmp_path, monkeypatch, found, names):
    monkeypatch.setattr(smoke_test, "level", lambda env: (ran("smoke test"),))
    here = env(tmp_path, load_fixtures=False, watch_seconds=5)
    assert [step.name for step in fakes.deploy(here, found).steps] == names


def test_an_up_runs_no_smoke_test(tmp_path, monkeypatch):
    monkeypatch.setattr(smoke_test, "level", lambda env: (ran("smoke test"),))
    here = env(tmp_path)
    found = replace(SEEN, data=observed(pending=["1_m.up.sql"]))
    assert "smoke test" not in [step.name for step in fakes.up(here, found).steps]


def ports(green: int, blue: int, **more: str) -> dict:
    return FRONT | {"upstreams": [{"dial": f"app-green:{green}"}, {"dial": f"app-blue:{blue}"}]} | more


SWAP = Swap("green", "blue", "slipway/app:2", "changed")
GATEWAYS = {
    "as wanted": (FRONT, None, False, []),
    "as wanted, for a swap": (FRONT, SWAP, False, []),
    "another setting": (
        ports(8000, 8000, grace_period="9s"),
        None,
        False,
        [("reload gateway", "grace_period 9s → 30s")],
    ),
    "a text of several lines": (
        ports(8000, 8000, grace_period="9s\nand more\n"),
        None,
        False,
        [("reload gateway", "grace_period 9s and more → 30s")],
    ),
    "it was never told": ({}, None, True, [("configure gateway", "before it starts")]),
    "nobody could be asked": ({}, None, False, [("reload gateway", "what it runs is not known")]),
    "the one that serves keeps its port until it is stopped": (
        ports(3000, 3000),
        SWAP,
        False,
        [("reload gateway", "dial app-blue:3000 → app-blue:8000")],
    ),
    "a port of which nobody is reached": (ports(8000, 3000), None, False, []),
    "the next one needs that port": (
        ports(8000, 3000),
        SWAP,
        False,
        [("reload gateway", "dial app-blue:3000 → app-blue:8000")],
    ),
    "replaced": (ports(8000, 3000), SWAP, True, [("configure gateway", "dial app-blue:3000 → app-blue:8000")]),
}


@pytest.mark.parametrize("case", GATEWAYS)
def test_the_gateway_is_told_what_differs_and_keeps_the_way_to_the_one_that_serves(tmp_path, case):
    runs, change, starts, steps = GATEWAYS[case]
    level = gateway.level(env(tmp_path), replace(SEEN, front=runs), change, starts)
    assert [(step.name, step.cause) for step in level] == steps


def test_a_gateway_that_differs_is_reloaded_just_before_the_switch(tmp_path):
    here = env(tmp_path)
    names = [step.name for step in fakes.up(here, replace(seen(**OLD), front=ports(3000, 3000))).steps]
    assert names == [
        "record",
        "start app-blue",
        "probe app-blue",
        "reload gateway",
        "switch",
        "drain app-green",
        "front door",
        "stop app-green",
    ]


@pytest.mark.parametrize(
    "services",
    [
        {},
        {"app": Running("restarting", "app 0")},
        {"app": Running("stopped", "app 0")},
        {"app": Running("scaled", "app 1")},
    ],
)
def test_nothing_starts_beside_an_app_that_is_as_wanted_or_does_not_serve(tmp_path, services):
    found = seen(**services)
    differ = change.differences(Beside().wanted_fingerprints(), found.services)
    assert change.swap(env(tmp_path), found, differ) is None


def begun(here: Environment, until: str) -> list[Step]:
    """The steps of a swap up to this one, which was begun too."""
    steps = [step for level in rollout.beside(here, SWAP, (), ()) for step in level]
    return steps[: [step.name for step in steps].index(until) + 1]


@pytest.mark.parametrize(
    ("until", "names", "result"),
    [
        ("start app-blue", ["stop app-blue"], "failed"),
        ("probe app-blue", ["stop app-blue"], "failed"),
        ("switch", ["switch back", "drain app-blue", "stop app-blue"], "rolled_back"),
        ("drain app-green", ["switch back", "drain app-blue", "stop app-blue"], "rolled_back"),
    ],
)
def test_what_was_begun_of_a_swap_is_taken_back_and_the_release_named_after_how_far_it_came(
    tmp_path, until, names, result
):
    steps = begun(env(tmp_path), until)
    assert [step.name for step in way_back(steps).steps] == names
    assert execute.result(Journal(None, steps), LockHeld("x")) == result
    assert execute.result(Journal(None, steps), Interrupted("x")) == "interrupted"


def test_nothing_is_taken_back_once_the_old_release_is_on_its_way_out(tmp_path):
    assert not way_back(begun(env(tmp_path), "stop app-green"))


@pytest.mark.parametrize(
    ("up_now", "asked", "remark"),
    [
        (True, ["gateway.active", "gateway.drain"], "nothing in flight"),
        (False, ["gateway.active"], "the gateway is down: nothing in flight"),
    ],
)
def test_a_way_back_waits_for_requests_in_flight_unless_the_gateway_is_down(tmp_path, up_now, asked, remark):
    verbs: list[tuple[str, object]] = []

    class Gateway(Beside):
        def inside(self, verb, args, progress):
            verbs.append((verb.name, args))
            return answer(verb, {"up": up_now})

    here = replace(env(tmp_path), engine=Gateway())
    drain = next(step for step in rollout.undo(here, SWAP) if step.name == "drain app-blue")
    assert drain.run(Silent()) == remark
    assert [verb for verb, _ in verbs] == asked
    assert all(args == Drain("blue", 30) for verb, args in verbs if verb == "gateway.drain")


@pytest.mark.parametrize(
    ("facts", "names"),
    [
        ({"idle_running": True}, ["drain app-blue", "stop app-blue"]),
        ({"idle_running": True, "gateway_up": False}, ["stop app-blue"]),
        ({"routed_to": "blue"}, ["switch"]),
        ({"routed_to": "blue", "idle_running": True}, ["switch", "drain app-blue", "stop app-blue"]),
    ],
)
def test_what_a_killed_deploy_left_is_drained_and_stopped(tmp_path, facts, names):
    levels = recover.leftovers(env(tmp_path), replace(SEEN, **facts))
    assert [step.name for level in levels for step in level] == names


@pytest.mark.parametrize(
    ("cut", "answering", "result", "fate"),
    [
        ({"colour": "green"}, True, "good", "finished: it serves"),
        ({"colour": "green"}, False, "interrupted", "not proven: what runs is started anew"),
        ({"colour": "blue"}, True, "interrupted", "undone: the release before it serves"),
        # An engine without colours, and a first release.
        ({"colour": ""}, True, "good", "finished: it serves"),
        ({"colour": "", "config": "app 2"}, True, "interrupted", "not begun: the release before it runs"),
        # It was to be started in the place of what had stopped.
        ({"colour": "green", "config": "app 2"}, True, "interrupted", "not begun: the release before it runs"),
    ],
)
def test_a_killed_release_is_good_exactly_if_it_runs_and_requests_go_to_it_and_are_answered(
    cut, answering, result, fate
):
    cut, found = {"config": RUNS} | cut, replace(SEEN, answering=answering)
    assert (recover.outcome(cut, found), recover.fate(cut, found, result)) == (result, fate)


class Heard:
    """A reporter that keeps lines and steps in their order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def line(self, text: str) -> None:
        self.told.append(text.strip())

    def report_start(self, step):
        self.told.append(step.name)
        return Silent()

    report_finish = report_failure = lambda *whatever: None


class Standing(Beside):
    """An engine on which both colours stand, and the data side's answers; the stops are done by nobody."""

    def __init__(self, ready: bool, returnable: bool, after: Seen) -> None:
        super().__init__(rollout=Both(returnable))
        vars(self).update(ready=ready, after=after, closed=[])

    def observe(self):
        return self.after

    def inside(self, verb, args, progress, give_up=None):
        if verb.name == "probe.app" and not self.ready:
            raise GateError("app", "503", "200 from /ready", "")
        if verb.name == "releases.close":
            self.closed.append(args.facts)
        return answer(verb, {})


class Both(Colours):
    def __init__(self, returnable: bool) -> None:
        vars(self).update(returnable=returnable)

    def gave_up(self, colour):
        return "" if self.returnable else "it ended with code 0"

    def target(self, colour, patience):
        return Probe(f"app-{colour}", 8000, 1, patience)

    def log(self, colour, lines):
        return ("trouble",)

    def retire(self, colour, progress):
        return "1 stopped"


CUT = {
    "id": "r2",
    "result": "running",
    "colour": "green",
    "kind": "deploy",
    "when": "now",
    "by": "Ada",
    "host": "h",
    "config": RUNS,
}
FORWARD, BACK = ["drain app-blue", "stop app-blue"], ["switch back", "drain app-green", "stop app-green"]
PROVEN = ["probe app-green", "smoke test", "front door"]


@pytest.mark.parametrize(
    ("newest", "ready", "returnable", "steps", "result"),
    [
        (CUT, True, True, PROVEN + FORWARD, "good"),
        (CUT, False, True, ["probe app-green", *BACK], "interrupted"),
        (CUT | {"kind": "up"}, True, True, ["probe app-green", "front door", *FORWARD], "good"),
        # The old one is stopped already, which is the last step of all: there is nothing left to prove, and no way back.
        (CUT, False, False, FORWARD, "good"),
        # It was cut short before the switch.
        (CUT | {"colour": "blue"}, False, True, FORWARD, "interrupted"),
        # Its undoing was cut short: what has failed once needs no second trial.
        (CUT | {"result": "rolled_back"}, True, True, BACK, None),
        (CUT | {"result": "good"}, False, True, FORWARD, None),
    ],
)
def test_a_release_that_was_cut_short_after_its_switch_is_proven_before_the_old_one_is_stopped(
    tmp_path, monkeypatch, newest, ready, returnable, steps, result
):
    monkeypatch.setattr(smoke_test, "level", lambda env: (ran("smoke test"),))
    monkeypatch.setattr(gates, "front_door", lambda env: ran("front door"))
    found = replace(SEEN, idle_running=True, data=observed(releases={"newest": newest, "good": None}))
    undone = "switch back" in steps
    engine = Standing(ready, returnable, replace(found, idle_running=False, colour="blue" if undone else "green"))
    heard = Heard()
    assert recover.repair(replace(env(tmp_path), engine=engine), found, heard, lambda: None) is engine.after
    assert [each for each in heard.told if each in {*PROVEN, *FORWARD, *BACK}] == steps
    assert [facts["result"] for facts in engine.closed] == ([result] if result else [])
    assert undone is any("undone for this" in each for each in heard.told)


def test_while_the_gateway_is_down_a_release_that_was_cut_short_is_asked_directly_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(smoke_test, "level", lambda env: (ran("smoke test"),))
    levels = recover.proofs(env(tmp_path), replace(SEEN, gateway_up=False), CUT)
    assert [step.name for level in levels for step in level] == ["probe app-green"]


def test_nothing_of_a_repair_is_done_once_the_lock_is_lost(tmp_path):
    def check() -> None:
        raise LockLost("lock of shop", "lost")

    found = replace(SEEN, idle_running=True, data=observed(releases={"newest": CUT | {"colour": "blue"}, "good": None}))
    heard = Heard()
    with pytest.raises(LockLost):
        recover.repair(replace(env(tmp_path), engine=Standing(True, True, found)), found, heard, check)


@pytest.mark.parametrize(
    ("facts", "started"),
    [
        ({"idle_running": True, "data": None}, "start postgres, ops"),
        ({"idle_running": False, "data": None}, None),
        ({"idle_running": True}, None),
    ],
)
def test_ops_is_started_first_where_nobody_else_can_tell_which_of_two_colours_serves(tmp_path, facts, started):
    names: list[str] = []

    class Blind(Beside):
        def start(self, services, progress):
            names.extend(services)

        def observe(self):
            return SEEN

    class Quiet:
        report_start = report_finish = report_failure = lambda *whatever: None

    here = replace(env(tmp_path), engine=Blind())
    stopped = {name: Running("stopped", f"{name} 1") for name in ("postgres", "ops")}
    found = replace(seen(**stopped), **facts)
    assert (recover.look_again(here, found, Quiet()) is SEEN) is bool(started)
    assert names == (started.removeprefix("start ").split(", ") if started else [])
