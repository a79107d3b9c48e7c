"""A verb that runs by a schedule of Dokploy: what it says comes whole and once, and one that is given up is ended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway.data import wire
from slipway.data.verb import Nothing, Verb
from slipway.engine.dokploy import inside
from slipway.engine.dokploy.api import failures
from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.client import Dokploy
from slipway.engine.dokploy.api.uploads import Content
from slipway.errors import EngineError, GateError, SettingsError
from tests.support.dokploy.server import Fault, Server
from tests.support.waiting import PATIENCE, until


@dataclass(frozen=True)
class Answer:
    text: str


VERB = Verb("test.verb", "nowhere:nothing", Nothing, Answer)
RESULT = json.dumps({"event": "result", "result": wire.encode(Answer("yes"))})


class Heard:
    """Keeps what a verb says; writes the last of it to a file, by which the verb knows that it was heard."""

    def __init__(self, file: Path | None = None) -> None:
        self.said: list[str] = []
        self.file = file

    def say(self, text: str) -> None:
        self.said.append(text)
        if self.file:
            self.file.write_text(text)

    def count(self, done: int, total: int | None, unit: str) -> None:
        self.said.append(f"{done} of {total} {unit}")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "LOOK", 0.02)
    monkeypatch.setattr(inside, "START", PATIENCE)


@pytest.fixture
def service(client: Dokploy) -> Service:
    service = client.ensure("p", "production", "shop")
    client.upload(service, Content("services: {ops: {image: ops}}\n"))
    client.follow(service, client.deploy(service, "a"))
    return service


@pytest.fixture
def verb(fake: Server, client: Dokploy, service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Runs a shell script in the place of the verb, which finds a folder of the test in $T."""
    runs = inside.Run

    def scripted(script: str, give_up: Callable[[], None] = lambda: None, heard: Heard | None = None) -> Answer:
        def run(client, service, name, command, **more):
            return runs(client, service, name, command if name == "end" else f"T={tmp_path}; {script}", **more)

        monkeypatch.setattr(inside, "Run", run)
        return inside.run(client, service, VERB, Nothing(), heard or Heard(), give_up)

    yield scripted
    left = [each["name"] for each in fake.state.schedules.values()]
    assert not left, "a schedule is left"


def say(text: str) -> str:
    return f"echo '{json.dumps({'event': 'progress', 'text': text})}'"


def test_its_answer_is_given_and_what_it_says_before(verb):
    heard = Heard()
    assert verb(f"{say('one')}; echo noise; echo 5; echo null; {say('two')}; echo '{RESULT}'", heard=heard) == Answer(
        "yes"
    )
    assert heard.said == ["one", "two"]


def test_every_line_of_a_log_that_is_longer_than_dokploy_shows_is_told_once(verb, monkeypatch, tmp_path):
    monkeypatch.setattr(inside, "MOST_LINES", 20)
    (tmp_path / "seen").write_text("0")
    heard = Heard(tmp_path / "seen")
    lines = """echo '{"event": "progress", "text": "'$n'"}'"""
    # Ten lines, and it waits until they were heard: the server shows twenty.
    script = f"n=0; while [ $n -lt 60 ]; do n=$((n+1)); {lines}; "
    script += "[ $((n % 10)) = 0 ] && until [ $(cat $T/seen) -ge $n ]; do sleep 0.01; done; done"
    assert verb(f"{script}; echo '{RESULT}'", heard=heard) == Answer("yes")
    assert heard.said == [str(number) for number in range(1, 61)]


def test_half_of_a_line_is_not_taken_for_noise(verb, tmp_path):
    half = len(RESULT) // 2

    def more() -> None:
        (tmp_path / "more").touch()

    script = f"printf %s '{RESULT[:half]}'; until [ -e $T/more ]; do sleep 0.01; done; echo '{RESULT[half:]}'"
    assert verb(script, more) == Answer("yes")


def test_a_log_that_is_gone_is_a_verb_without_a_result(fake, verb):
    def remove() -> None:
        for each in fake.state.deployments.values():
            Path(each["logPath"]).unlink(missing_ok=True)
        for key in [key for key, each in fake.state.deployments.items() if each["scheduleId"]]:
            del fake.state.deployments[key]

    with pytest.raises(EngineError) as caught:
        verb("sleep 0.3", remove)
    assert "Dokploy" in str(caught.value) or "without a result" in str(caught.value)


def test_an_error_of_it_is_raised_here_with_its_own_code(verb):
    error = json.dumps({"event": "error", "error": GateError("gate", "found", "expected", "next").fields()})
    with pytest.raises(GateError, match="found"):
        verb(f"echo '{error}'; exit 4")


@pytest.mark.parametrize("script", ["", "echo words; exit 3", "kill -9 $$", 'echo \'{"event": "progress"}\''])
def test_one_that_ends_without_a_result_is_told_with_its_last_words(verb, script):
    with pytest.raises(EngineError, match="without a result") as caught:
        verb(script)
    assert caught.value.log == (("words",) if "words" in script else ())


def test_without_an_ops_container_it_is_told_what_dokploy_says(fake, verb):
    fake.state.engine.there.clear()
    with pytest.raises(EngineError, match="without a result") as caught:
        verb(f"echo '{RESULT}'")
    assert "No running container" in caught.value.log[-1]


PID = """echo '{"event": "pid", "pid": '$$'}'"""
ENDED = "trap 'touch $T/ended; exit 1' TERM; "
FOREVER = "while :; do sleep 0.02; done"


@pytest.mark.parametrize("begin", [f"{ENDED}{PID}; ", f"{ENDED}sleep 0.2; {PID}; "], ids=["told", "not yet told"])
def test_one_that_is_given_up_is_ended_by_its_number(verb, tmp_path, begin):
    def give_up() -> None:
        raise GateError("gate", "the container crashed", "one that runs", "see its log")

    with pytest.raises(GateError, match="crashed"):
        verb(begin + FOREVER, give_up)
    until((tmp_path / "ended").exists, "it was told to end")


def test_one_that_lost_its_listener_as_the_server_was_started_anew_is_ended(fake, verb, tmp_path, monkeypatch):
    restarted: list[int] = []

    def restart() -> None:
        if not restarted and tmp_path.joinpath("begun").exists():
            restarted.append(1)
            fake.restart()

    with pytest.raises(EngineError, match="started anew"):
        verb(f"{ENDED}{PID}; touch $T/begun; {FOREVER}", restart)
    until((tmp_path / "ended").exists, "it was told to end")


@pytest.mark.parametrize("kind", ["before", "after", "half"])
@pytest.mark.parametrize("call", ["deployment.allByType", "deployment.readLogs", "schedule.delete"])
def test_a_look_that_fails_does_not_end_the_verb(fake, verb, tmp_path, call, kind):
    cut: list[Fault] = []

    def once() -> None:
        if not cut:
            cut.append(Fault(kind, call))
            fake.faults += cut
        elif not fake.faults or call == "schedule.delete":
            (tmp_path / "go").touch()

    answer = verb(f"{say('x')}; until [ -e $T/go ]; do sleep 0.01; done; echo '{RESULT}'", once)
    assert answer == Answer("yes")
    for key in [key for key, each in fake.state.schedules.items() if each["name"].startswith(inside.OURS)]:
        del fake.state.schedules[key]  # the one whose removal was cut: sweep takes it a day later


def test_a_key_that_is_used_up_meanwhile_is_told_as_that(fake, verb):
    def use_up() -> None:
        for each in fake.state.keys.values():
            each.limit = each.limit or each.spent

    with pytest.raises(failures.KeyExhausted):
        verb(f"until [ -e $T/never ] || [ $((i=i+1)) -gt 50 ]; do sleep 0.01; done; echo '{RESULT}'", use_up)
    fake.state.schedules.clear()


def test_a_verb_whose_arguments_are_secret_is_refused_with_what_to_type(client, service):
    secret = Verb("test.secret", "nowhere:nothing", Nothing, Nothing, confidential=True)
    with pytest.raises(SettingsError, match="secret"):
        inside.run(client, service, secret, Nothing(), Heard(), lambda: None)


def test_what_killed_runs_left_is_swept_after_a_day(fake, client, service):
    now = time.time()
    for name in (f"{now - 90000:.0f} a", f"{now - 80000:.0f} b", "x", "", "1"):
        client.transport.post(
            "schedule.create",
            scheduleType="compose",
            composeId=service.id,
            name=f"{inside.OURS} {name}",
            cronExpression="0 0 1 1 *",
            command="",
        )
    inside.sweep(client, service)
    left = {each["name"].removeprefix(inside.OURS).strip()[-1:] for each in fake.state.schedules.values()}
    assert "a" not in left and {"b", "x"} <= left
