"""The exact text of `up`'s plan for what was seen: which steps, in which order, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from slipway.data.migrations.interface import Migrate
from slipway.engine import Build, Running, Seen
from slipway.plan import Plan, Silent, Step
from slipway.release import plans
from slipway.release.change import compare
from slipway.release.record import Record
from tests.support.fakes import DATA, SERVICES, UP, Machine, answer, env, gone, observed, seen, up

EXTERNAL = {"postgres": "external", "database_url": "postgresql://u:5ecreT-url@db/x"}

ORPHAN = Running("orphan", detail="process 7, left by a supervisor that died")
SEEDS = DATA | {"fixtures_pending": ["001_demo.sql"]}
PENDING = seen({}, DATA | {"pending": ["2_m.up.sql"]})
DOWN = {"answering": False, "last_answer": "502"}

# what was seen, settings -> the plan
PLANS = {
    "nothing there": (
        Seen(),
        {},
        """
        1  start postgres, redis, objects, ops  not running
        2  gate postgres                        started in this run
        2  gate redis                           started in this run
        2  gate objects                         started in this run
        3  roles                                database, roles, passwords, grants
        3  buckets                              app
        4  record                               who, what, when
        5  migrate                              whatever is pending
        6  fixtures                             whatever is pending
        7  start app, gateway                   not running
        8  gate app                             started in this run
        9  front door                           http://127.0.0.1:8080/ready""",
    ),
    "nothing there, production": (
        Seen(),
        {"environment": "production"},
        """
        1  start postgres, redis, objects, ops  not running
        2  gate postgres                        started in this run
        2  gate redis                           started in this run
        2  gate objects                         started in this run
        3  roles                                database, roles, passwords, grants
        3  buckets                              app
        4  record                               who, what, when
        5  backup                               before whatever is pending
        6  verify backup                        pg_restore reads it to its end
        7  migrate                              whatever is pending
        8  start app, gateway                   not running
        9  gate app                             started in this run
        10  front door                           http://127.0.0.1:8080/ready""",
    ),
    "all up": (UP, {}, ""),
    "all up, production": (UP, {"environment": "production"}, ""),
    "the app changed": (
        seen({"app": Running("running", "app 0")}),
        {},
        """
        1  record      who, what, when
        2  start app   settings, secrets or image changed
        3  gate app    after what changed
        4  front door  http://127.0.0.1:8080/ready""",
    ),
    "a store stopped": (
        seen({"redis": Running("stopped", detail="exit code 137")}, **DOWN),
        {},
        """
        1  start redis    exit code 137
        2  gate postgres  502
        2  gate redis     started in this run
        2  gate objects   502
        3  roles          database, roles, passwords, grants
        3  buckets        app
        4  record         who, what, when
        5  migrate        whatever is pending
        6  fixtures       whatever is pending
        7  gate app       502
        8  front door     http://127.0.0.1:8080/ready""",
    ),
    "two reasons": (
        seen({"redis": None, "objects": ORPHAN}, **DOWN),
        {"load_fixtures": False},
        """
        1  start redis, objects  redis: not running; objects: process 7, left by a supervisor that died
        2  gate postgres         502
        2  gate redis            started in this run
        2  gate objects          started in this run
        3  roles                 database, roles, passwords, grants
        3  buckets               app
        4  record                who, what, when
        5  migrate               whatever is pending
        6  gate app              502
        7  front door            http://127.0.0.1:8080/ready""",
    ),
    "the app crashes": (
        seen({"app": Running("restarting", "app 1")}, **DOWN),
        {},
        """
        1  gate postgres  502
        1  gate redis     502
        1  gate objects   502
        2  roles          database, roles, passwords, grants
        2  buckets        app
        3  record         who, what, when
        4  migrate        whatever is pending
        5  fixtures       whatever is pending
        6  start app      keeps restarting
        7  gate app       502
        8  front door     http://127.0.0.1:8080/ready""",
    ),
    "migrations pending": (
        seen({}, DATA | {"pending": [f"{n}_m.up.sql" for n in range(1, 7)]}),
        {},
        """
        1  record    who, what, when
        2  migrate   1_m.up.sql, 2_m.up.sql, 3_m.up.sql, 4_m.up.sql and 2 more
        3  gate app  after what changed""",
    ),
    "migrations pending, to be rehearsed": (
        seen({}, DATA | {"pending": ["1_m.up.sql"]}),
        {"rehearse": True},
        """
        1  record    who, what, when
        2  rehearse  REHEARSE=true: on a copy of the live data
        3  migrate   1_m.up.sql
        4  gate app  after what changed""",
    ),
    "nothing to rehearse": (UP, {"rehearse": True}, ""),
    "migrations pending, production": (
        PENDING,
        {"environment": "production"},
        """
        1  record         who, what, when
        2  backup         before 2_m.up.sql
        3  verify backup  pg_restore reads it to its end
        4  migrate        2_m.up.sql
        5  gate app       after what changed""",
    ),
    "migrations pending, production, drilled": (
        PENDING,
        {"environment": "production", "backup_before_migrate": "drill"},
        """
        1  record        who, what, when
        2  backup        before 2_m.up.sql
        3  drill backup  restored on trial
        4  migrate       2_m.up.sql
        5  gate app      after what changed""",
    ),
    "migrations pending, production, no backup wanted": (
        PENDING,
        {"environment": "production", "backup_before_migrate": "off"},
        """
        1  record    who, what, when
        2  migrate   2_m.up.sql
        3  gate app  after what changed""",
    ),
    "migrations pending, a backup wanted on local": (
        PENDING,
        {"backup_before_migrate": "verify"},
        """
        1  record         who, what, when
        2  backup         before 2_m.up.sql
        3  verify backup  pg_restore reads it to its end
        4  migrate        2_m.up.sql
        5  gate app       after what changed""",
    ),
    "a migration that was edited": (
        seen({}, DATA | {"problems": ["1_m.up.sql was edited"]}),
        {},
        """
        1  record    who, what, when
        2  migrate   1_m.up.sql was edited
        3  gate app  after what changed""",
    ),
    "fixtures pending": (
        seen({}, SEEDS),
        {},
        """
        1  record    who, what, when
        2  fixtures  001_demo.sql
        3  gate app  after what changed""",
    ),
    "fixtures pending, not wanted": (seen({}, SEEDS), {"load_fixtures": False}, ""),
    "fixtures pending, production": (seen({}, SEEDS), {"environment": "production"}, ""),
    "other passwords": (
        seen({}, DATA | {"current": {"roles": False, "objects": True, "archive": True}}),
        {},
        """
        1  roles  database, roles, passwords, grants""",
    ),
    "another bucket": (
        seen({}, DATA | {"current": {"roles": True, "objects": False, "archive": True}}),
        {"s3_buckets": "app,avatars"},
        """
        1  buckets  app, avatars""",
    ),
    # An app that asks its database nothing answers all the same.
    "a database that is not there yet": (
        seen({}, DATA | {"postgres": {"reachable": False, "reason": "refused", "server_version": ""}}),
        {},
        """
        1  gate postgres  refused
        2  roles          database, roles, passwords, grants
        3  record         who, what, when
        4  migrate        whatever is pending
        5  fixtures       whatever is pending
        6  gate app       after what changed
        7  front door     http://127.0.0.1:8080/ready""",
    ),
    "external, all up": (seen(gone("postgres")), EXTERNAL, ""),
    "external, nothing there": (
        Seen(),
        EXTERNAL,
        """
        1  start redis, objects, ops  not running
        2  gate postgres              not proven yet
        2  gate redis                 started in this run
        2  gate objects               started in this run
        3  buckets                    app
        4  record                     who, what, when
        5  migrate                    whatever is pending
        6  fixtures                   whatever is pending
        7  start app, gateway         not running
        8  gate app                   started in this run
        9  front door                 http://127.0.0.1:8080/ready""",
    ),
    "external, unreachable": (
        seen(
            gone("postgres"),
            DATA | {"postgres": {"reachable": False, "reason": "timeout", "server_version": ""}},
            **DOWN,
        ),
        EXTERNAL,
        """
        1  gate postgres  502
        1  gate redis     502
        1  gate objects   502
        2  buckets        app
        3  record         who, what, when
        4  migrate        whatever is pending
        5  fixtures       whatever is pending
        6  gate app       502
        7  front door     http://127.0.0.1:8080/ready""",
    ),
}


ARCHIVE = {"problems": []}
BEHIND = {"problems": ["changes wait for the archive since 5 min (6 segments); the last one got there 6 min ago"]}
ARCHIVED = seen({"pitr": Running("running", "pitr 1")}, DATA | {"archive": ARCHIVE})

# what was seen of a stack with PITR -> the plan
ARCHIVING = {
    "nothing there": (
        Seen(),
        """
        1  start postgres, redis, objects, ops, pitr  not running
        2  gate postgres                              started in this run
        2  gate redis                                 started in this run
        2  gate objects                               started in this run
        3  roles                                      database, roles, passwords, grants
        3  buckets                                    app
        4  gate archive                               not proven yet
        5  physical backup                            if there is none that leads to now
        6  record                                     who, what, when
        7  migrate                                    whatever is pending
        8  fixtures                                   whatever is pending
        9  start app, gateway                         not running
        10  gate app                                   started in this run
        11  front door                                 http://127.0.0.1:8080/ready""",
    ),
    "all up": (ARCHIVED, ""),
    "behind": (
        replace(ARCHIVED, data=observed(archive=BEHIND)),
        f"""
        1  gate archive     {BEHIND["problems"][0]}
        2  physical backup  if there is none that leads to now""",
    ),
    "the keeper stopped": (
        replace(ARCHIVED, services=UP.services),
        """
        1  start pitr       not running
        2  gate archive     started in this run
        3  physical backup  if there is none that leads to now""",
    ),
    "the app changed": (
        replace(ARCHIVED, services=ARCHIVED.services | {"app": Running("running", "app 0")}),
        """
        1  record      who, what, when
        2  start app   settings, secrets or image changed
        3  gate app    after what changed
        4  front door  http://127.0.0.1:8080/ready""",
    ),
}


@pytest.mark.parametrize(("found", "text"), ARCHIVING.values(), ids=ARCHIVING)
def test_the_plan_of_a_stack_that_is_archived(found, text):
    names = (*SERVICES[:4], "pitr", *SERVICES[4:])
    planned = up(env(Machine(names), pitr=True), found)
    assert [line.split() for line in planned.text().splitlines()] == [
        line.split() for line in text.strip().splitlines()
    ]


def planned(found: Seen, values: Mapping, **machine) -> Plan:
    names = [name for name in SERVICES if name != "postgres" or values.get("postgres") != "external"]
    return up(env(Machine(names, **machine), **values), found)


@pytest.mark.parametrize(("found", "values", "text"), PLANS.values(), ids=PLANS)
def test_the_plan(found, values, text):
    assert [line.strip() for line in planned(found, values).text().splitlines()] == [
        line.strip() for line in text.strip().splitlines()
    ]


@pytest.mark.parametrize(("found", "values"), [case[:2] for case in PLANS.values()], ids=PLANS)
def test_a_plan_is_true_exactly_if_it_has_steps(found, values):
    assert bool(planned(found, values)) == bool(planned(found, values).text())


def test_images_come_first_level_by_level():
    def build(name: str, level: int) -> Build:
        return Build(Step(f"build {name}", "its inputs changed", lambda progress: None), level)

    plan = planned(UP, {}, builds=(build("app", 1), build("base", 0), build("ops", 1)))
    assert plan.text().splitlines() == [
        "  1  build base  its inputs changed",
        "  2  build app   its inputs changed",
        "  2  build ops   its inputs changed",
    ]


def test_a_step_asks_the_engine_for_what_its_name_says():
    asked: list[tuple] = []

    class Asked(Machine):
        def start(self, names, progress):
            asked.append(("start", *names))

        def inside(self, verb, args, progress, give_up=None):
            asked.append((verb.name,))
            return answer(verb, {})

    plan = up(env(Asked()), Seen())
    for step in plan.steps[:-1]:  # the last one asks the front door
        step.run(Silent())
    assert asked == [
        ("start", "postgres", "redis", "objects", "ops"),
        ("gate.postgres",),
        ("gate.redis",),
        ("gate.objects",),
        ("roles",),
        ("buckets",),
        ("releases.begin",),
        ("migrate",),
        ("fixtures",),
        ("start", "app", "gateway"),
        ("gate.app",),
    ]


def test_what_is_migrated_is_noted_with_who_did_it_and_in_which_release():
    told: dict[str, object] = {}

    class Told(Machine):
        def inside(self, verb, args, progress, give_up=None):
            told[verb.name] = args
            return answer(verb, {"record": {"id": "r0007-abc"}})

    here = env(Told(), load_fixtures=False)
    record = Record(here, "up", {"by": "ada"})
    for step in plans.up(here, PENDING, compare(here, PENDING), record).steps[:2]:
        step.run(Silent())
    assert told["migrate"] == Migrate("ada", "r0007-abc")
