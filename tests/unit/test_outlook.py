"""What a plan will be felt as: its exact text, and which differences of a service are told without a secret."""

from __future__ import annotations

import pytest

from slipway.data.migrations.foresight import Finding, LikelyBackup, Lock, Prospect
from slipway.engine.docker import preview
from slipway.outlook import Outlook, pause
from slipway.stack import model
from tests.unit.conftest import settings_of


def test_an_outlook_reads_from_what_differs_to_what_stays():
    found = Outlook(
        changes={"app": ["image: a:1 → a:2", "environment: KEY has another value"]},
        migrations=[
            Prospect(
                "migrations/5_x.up.sql",
                (Lock("tasks", "ACCESS EXCLUSIVE", "reads and writes"), Lock("users", "SHARE", "writes")),
                True,
                (Finding("migrations/5_x.up.sql", 1, 2, "r", "warning", "it waits", ""),),
            ),
            Prospect("migrations/6_y.up.sql", (), False, ()),
        ],
        backup=LikelyBackup("20261125T174035Z", 12_340_000, 3.2),
        pauses={"redis": pause("redis", True, True), "app": pause("app", True, True)},
        stays=["postgres", "gateway"],
    )
    assert found.text() == "\n".join(
        [
            "what differs",
            "  app        image: a:1 → a:2",
            "             environment: KEY has another value",
            "migrations",
            "  migrations/5_x.up.sql",
            "    ACCESS EXCLUSIVE on tasks: reads and writes wait",
            "    DO and CALL take locks that their text does not tell: ./invoke db.rehearse measures them",
            "    warning at 1:2, r: it waits",
            "  migrations/6_y.up.sql",
            "    no lock that anybody waits for",
            "backup       about 11.8 MB in 3 s, as 20261125T174035Z was",
            "restarts     redis: stopped and started again; the app waits for it",
            "             app: the new one starts beside the one that serves: no gap",
            "stays        postgres, gateway",
        ]
    )
    assert Outlook().text() == ""


@pytest.mark.parametrize(
    ("name", "running", "beside", "word"),
    [
        ("gateway", True, True, "gap"),
        ("app", True, False, "in place"),
        ("app", False, False, "starts"),
        ("app", True, True, "no gap"),
    ],
)
def test_what_is_replaced_says_whether_there_is_a_gap(name, running, beside, word):
    assert word in pause(name, running, beside)


IMAGE = {"Config": {"Env": ["PATH=/bin"], "Cmd": ["serve"]}}
BEFORE = {
    "Config": {
        "Image": "a:1",
        "Env": ["PATH=/bin", "GATE_TIMEOUT=60", "REDIS_URL=redis://:old@x", "GONE=1"],
        "Cmd": ["serve"],
    },
    "HostConfig": {"Memory": 2**28, "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}},
}
AFTER = {
    "image": "a:2",
    "environment": {"GATE_TIMEOUT": "99", "REDIS_URL": "redis://:5ecreT@x", "NEW": "5ecreT"},
    "mem_limit": str(2**29),
    "ports": [{"host_ip": "127.0.0.1", "published": "80", "target": 80, "protocol": "tcp"}],
}


def test_differences_of_a_service_are_told_without_a_secret():
    found = preview.between(model.build(settings_of()), "ops", AFTER, BEFORE, IMAGE)
    assert found == [
        "image: a:1 → a:2",
        "environment: GATE_TIMEOUT: 60 → 99",
        "environment: GONE is gone",
        "environment: NEW is new",
        "environment: REDIS_URL has another value",
        "memory: 256 MB → 512 MB",
        "ports: 127.0.0.1:8080 to 80/tcp → 127.0.0.1:80 to 80/tcp",
    ]


def test_a_difference_that_has_no_words_is_said_to_be_one():
    same = {
        "image": "a:1",
        "environment": {"GATE_TIMEOUT": "60", "REDIS_URL": "redis://:old@x", "GONE": "1"},
        "mem_limit": 2**28,
        "ports": [{"host_ip": "127.0.0.1", "published": "8080", "target": 80}],
    }
    assert preview.between(model.build(settings_of()), "ops", same, BEFORE, IMAGE) == [preview.ELSE]


@pytest.mark.parametrize("after", [["a"] * 200, ["sh", "-c", "one\ntwo"]])
def test_a_long_command_is_not_told_in_full(after):
    assert preview.command(["serve"], after) == ["command: another one"]
