"""What the scenarios of deploys ask of a stack whose app takes two seconds to boot and can be told to fail."""

from __future__ import annotations

import json
import signal
import sys

from tests.support import clone
from tests.support.clone import Begun, Clone
from tests.support.containers import must
from tests.support.waiting import PATIENCE

SLOW = {
    "APP_CONTEXT": "tests/scenarios/apps/slow",
    "APP_ENV_BOOT_SECONDS": "2",
    "APP_ENV_VERSION": "v1",
    "APP_BOOT_TIMEOUT": "15",
    "DRAIN_TIMEOUT": "10",
}


def version(slow: Clone) -> str:
    return slow.get("/version")


# Each record, and a character that is in none of them behind it.
RECORDS = r"""cd /var/lib/slipway/releases && for each in r*.json; do cat "$each"; printf '\036'; done"""


def releases(slow: Clone) -> list[dict]:
    """The records, newest first, as they are kept. What `history` tells of them others ask."""
    kept = must("exec", slow.id("ops"), "sh", "-c", RECORDS).split("\36")
    records = [json.loads(text) for text in kept if text.strip()]
    return sorted(records, key=lambda record: int(record["id"].split("-")[0][1:]), reverse=True)


def colours(slow: Clone) -> list[str]:
    """Services of the app that have a container, stopped ones included."""
    label = f"label={clone.PROJECT}={slow.project}-local"
    names = must("ps", "--all", "--filter", label, "--format", f'{{{{.Label "{clone.SERVICE}"}}}}').split()
    return sorted(name for name in names if name.startswith("app-"))


def released(slow: Clone, name: str, *words: str) -> str:
    """The next deploy, with these words more, leaves one colour with this version, and is on record. What it said."""
    slow.settle(APP_ENV_VERSION=name)
    slow.forget("APP_ENV_FAULT")
    text = slow.succeed("deploy", *words)
    assert name in version(slow)
    assert len(colours(slow)) == 1
    assert sound(releases(slow))
    return text


def deployed(slow: Clone, name: str, *words: str) -> str:
    """The same, and the deploy after it finds nothing to do: whatever went wrong before is put right."""
    text = released(slow, name, *words)
    assert "Nothing to deploy" in slow.succeed("deploy")
    return text


def another_image(slow: Clone, text: str) -> None:
    """The next deploy builds an image that differs from the one before by this text."""
    with (slow.root / SLOW["APP_CONTEXT"] / "app.py").open("a") as source:
        source.write(f"# {text}\n")


def steady(slow: Clone) -> None:
    """Some version serves, alone and on record: as the test before left it, or healed where that one failed."""
    if not (sound(releases(slow)) and len(colours(slow)) == 1 and answers(slow, "")):
        deployed(slow, "steady")


def sound(records: list[dict]) -> bool:
    return records[0]["result"] == "good" and all(record["result"] != "running" for record in records)


def at_step(slow: Clone, step: str, *words: str, **env: str) -> Begun:
    """A deploy, with these words more, that has just begun a step."""
    run = slow.begin("deploy", "--json", *words, **env)
    for line in run.process.stdout:
        event = json.loads(line)
        if event["event"] == "step" and event["name"].startswith(step) and event["state"] == "started":
            return run
    raise AssertionError(f"no step {step}: exit code {run.process.wait()}")


WAITS = """
import signal, sys
from invoke.main import program
from slipway.release import execute

def waiting(*words):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    print("at the lock", flush=True)
    signal.sigwait({signal.SIGUSR1})
    return lock_stack(*words)

lock_stack, execute.lock_stack = execute.lock_stack, waiting
program.run(sys.argv[sys.argv.index("invoke"):])
"""


def before_the_lock(slow: Clone, *words: str) -> Begun:
    """A command that has decided what it can without the lock; it goes on to take that at SIGUSR1."""
    run = slow.begin(*words, prefix=(sys.executable, "-c", WAITS))
    for line in run.process.stdout:
        if "at the lock" in line:
            return run
    raise AssertionError(f"it does not come to the lock: exit code {run.process.wait()}")


def cut(slow: Clone, step: str, number: signal.Signals, **env: str) -> None:
    """Sends a signal to a deploy as soon as it begins a step."""
    run = at_step(slow, step, **{"APP_ENV_VERSION": "cut"} | env)
    run.process.send_signal(number)
    run.process.communicate(timeout=PATIENCE)


def smoke_test(slow: Clone, status: int, begins: tuple[str, ...] = ()) -> str:
    """The name of a collection that asks for the version and expects this status, after it has asked for other paths."""
    first = [{"name": path, "request": {"method": "GET", "url": f"{{{{base_url}}}}{path}"}} for path in begins]
    request = {
        "name": "version",
        "request": {"method": "GET", "url": "{{base_url}}/version"},
        "event": [
            {
                "listen": "test",
                "script": {"exec": ["pm.test('it answers', () => {", f"pm.response.to.have.status({status});", "});"]},
            }
        ],
    }
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    name = f"smoke-{status}.json"
    (slow.root / name).write_text(json.dumps({"info": {"name": "s", "schema": schema}, "item": [*first, request]}))
    return name


def answers(slow: Clone, name: str) -> bool:
    try:
        return name in version(slow)
    except OSError:
        return False
