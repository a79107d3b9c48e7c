"""Hooks: what they are told, how they end, and that none of them outlives or hides anything."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from slipway.config.settings import Settings
from slipway.environment import ROOT
from slipway.errors import GateError
from slipway.release import hooks
from slipway.system import process
from tests.support.waiting import until

ENV = {"PATH": os.environ["PATH"], "HOOK_URL": "http://127.0.0.1:9/hush-hush"}
RECORD = {"id": "r0007-abc1234", "revision": "abc1234", "by": "Ada", "result": "running"}


def written(root: Path, name: str, text: str, mode: int = 0o755) -> Path:
    path = root / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def alive(pid: int) -> bool:
    """Whether a process still does anything; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> None:
    until(lambda: not alive(pid), f"process {pid} is gone")


def test_a_hook_that_is_not_there_is_no_failure(tmp_path: Path):
    assert hooks.run("pre-deploy", RECORD, tmp_path, ENV) == ""


def test_a_hook_gets_the_record_its_own_name_and_the_root_to_stand_in(tmp_path: Path):
    written(tmp_path, "post-deploy", '#!/bin/sh\ncat > got.json\necho "$SLIPWAY_HOOK"\n')
    said: list[str] = []
    remark = hooks.run("post-deploy", RECORD, tmp_path, ENV, say=said.append)
    assert json.loads((tmp_path / "got.json").read_text()) == RECORD
    assert said == ["post-deploy"] and remark.startswith("hooks/post-deploy ran in ")


def test_a_hook_that_does_not_read_its_input_may_succeed(tmp_path: Path):
    written(tmp_path, "pre-deploy", "#!/bin/sh\nexit 0\n")
    assert hooks.run("pre-deploy", RECORD | {"long": "x" * 300_000}, tmp_path, ENV)


def test_a_hook_that_fails_stops_with_its_code_and_its_last_lines(tmp_path: Path):
    written(tmp_path, "pre-deploy", "#!/bin/sh\nfor n in $(seq 30); do echo line $n; done\nexit 3\n")
    with pytest.raises(GateError) as caught:
        hooks.run("pre-deploy", RECORD, tmp_path, ENV)
    error = caught.value
    assert (error.where, error.found, error.code) == ("hooks/pre-deploy", "exit code 3", 4)
    assert error.log == tuple(f"line {number}" for number in range(11, 31))


@pytest.mark.parametrize(
    ("text", "mode", "found"),
    [
        ("#!/bin/sh\n", 0o644, "it is not a program that may be run"),
        ("#!/no/such/interpreter\n", 0o755, "not found on PATH"),
        ("not a program", 0o755, "Exec format error"),
        ("#!/bin/sh\nkill -9 $$\n", 0o755, "killed by signal 9"),
    ],
)
def test_a_hook_that_cannot_run_says_why(tmp_path: Path, text: str, mode: int, found: str):
    written(tmp_path, "pre-deploy", text, mode)
    with pytest.raises(GateError) as caught:
        hooks.run("pre-deploy", RECORD, tmp_path, ENV)
    assert caught.value.found == found


def test_a_link_to_nothing_is_refused_and_not_taken_for_no_hook(tmp_path: Path):
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "pre-deploy").symlink_to("notify")
    with pytest.raises(GateError):
        hooks.run("pre-deploy", RECORD, tmp_path, ENV)


def test_a_hook_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path):
    written(tmp_path, "pre-deploy", "#!/bin/sh\necho begun\nsleep 600 & echo $! > child.pid\ntrap '' TERM\nwait\n")
    with pytest.raises(GateError) as caught:
        hooks.run("pre-deploy", RECORD, tmp_path, ENV, timeout=1)
    assert caught.value.found == "no end within 1 s" and caught.value.log == ("begun",)
    gone(int((tmp_path / "child.pid").read_text()))


def test_what_a_hook_leaves_in_the_background_neither_delays_nor_survives_it(tmp_path: Path):
    written(tmp_path, "post-deploy", "#!/bin/sh\nsleep 600 & echo $! > child.pid\n")
    assert hooks.run("post-deploy", RECORD, tmp_path, ENV, timeout=300)
    gone(int((tmp_path / "child.pid").read_text()))


@pytest.mark.parametrize("text", ["#!/bin/sh\necho no network >&2\nexit 1\n", "#!/no/such/interpreter\n"])
def test_a_failure_of_a_hook_that_decides_nothing_is_a_sentence(tmp_path: Path, text: str):
    written(tmp_path, "on-failure", text)
    assert hooks.attempt("on-failure", RECORD, tmp_path, ENV).startswith("hooks/on-failure: ")


def test_a_record_that_cannot_be_written_as_json_does_not_hide_the_first_error(tmp_path: Path):
    written(tmp_path, "on-failure", "#!/bin/sh\ncat >/dev/null\n")
    loop: dict = {}
    loop["self"] = loop
    assert "ValueError" in hooks.attempt("on-failure", loop, tmp_path, ENV)
    assert not process._running


def test_the_webhook_is_masked_in_what_a_hook_says(tmp_path: Path):
    written(tmp_path, "pre-deploy", '#!/bin/sh\necho "posting to $HOOK_URL"\nexit 1\n')
    with pytest.raises(GateError) as caught:
        hooks.run("pre-deploy", RECORD, tmp_path, ENV)
    assert caught.value.log == ("posting to •••",)


def test_a_hook_sees_no_secret_of_a_store(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("POSTGRES_PASSWORD", "from-the-machine")
    settings = Settings(postgres_password="of-the-settings", hook_url="https://example.org/x")
    seen = hooks.environment(settings)
    assert seen["HOOK_URL"] == "https://example.org/x" and seen["SLIPWAY_STACK"] == "slipway-local"
    assert "POSTGRES_PASSWORD" not in seen and "of-the-settings" not in seen.values()


class Received(http.server.BaseHTTPRequestHandler):
    status = 200
    bodies: ClassVar[list[dict]] = []

    def do_POST(self) -> None:
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"as you say")

    def log_message(self, *words: object) -> None:
        """Keeps the output of the tests clean."""


@pytest.fixture
def webhook() -> Iterator[tuple[str, type[Received]]]:
    handler = type("Handler", (Received,), {"bodies": [], "status": 200})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/bot-token", handler
    server.shutdown()
    server.server_close()


def notify(url: str, shape: str, hook: str, record: dict) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "HOOK_URL": url,
        "HOOK_FORMAT": shape,
        "HOOK_CHAT": "42",
        "SLIPWAY_HOOK": hook,
        "SLIPWAY_STACK": "shop-production",
        "no_proxy": "*",
    }
    return subprocess.run(
        [sys.executable, ROOT / "hooks" / "notify"], env=env, input=json.dumps(record), text=True, capture_output=True
    )


FAILED = RECORD | {"error": {"where": "gate app", "found": "503 <b>&"}}


@pytest.mark.parametrize(
    ("shape", "hook", "record", "body"),
    [
        ("slack", "post-deploy", RECORD, {"text": "shop-production: deployed r0007-abc1234 abc1234 by Ada"}),
        (
            "slack",
            "on-failure",
            FAILED,
            {"text": "shop-production: deploy FAILED r0007-abc1234 abc1234 by Ada\ngate app: 503 &lt;b&gt;&amp;"},
        ),
        (
            "telegram",
            "on-rollback",
            RECORD,
            {
                "chat_id": "42",
                "disable_web_page_preview": True,
                "text": "shop-production: rolled back r0007-abc1234 abc1234 by Ada",
            },
        ),
        (
            "json",
            "on-failure",
            FAILED,
            {
                "event": "on-failure",
                "stack": "shop-production",
                "release": FAILED,
                "text": "shop-production: deploy FAILED r0007-abc1234 abc1234 by Ada\ngate app: 503 <b>&",
            },
        ),
    ],
)
def test_notify_posts_the_shape_that_is_asked_for(webhook, shape: str, hook: str, record: dict, body: dict):
    url, handler = webhook
    done = notify(url, shape, hook, record)
    assert (done.returncode, done.stderr) == (0, "") and handler.bodies == [body]


def test_notify_fails_when_the_webhook_refuses_and_does_not_name_it(webhook):
    url, handler = webhook
    handler.status = 403
    done = notify(url, "json", "post-deploy", RECORD)
    assert done.returncode == 1 and done.stderr == "the webhook answers 403 as you say\n"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/bot-token", "http://[bot-token", "bot-token"])
def test_notify_fails_when_nobody_is_there_and_does_not_name_the_address(url: str):
    done = notify(url, "json", "post-deploy", RECORD)
    assert done.returncode == 1 and "bot-token" not in done.stderr + done.stdout and "Traceback" not in done.stderr


def test_notify_posts_nothing_without_an_address():
    done = notify("", "json", "post-deploy", RECORD)
    assert (done.returncode, done.stdout) == (0, "HOOK_URL is not set: nobody is told\n")


@pytest.mark.parametrize("name", ["notify", "examples/pre-deploy", "examples/post-migrate"])
def test_the_hooks_that_ship_may_be_run(name: str):
    assert os.access(ROOT / "hooks" / name, os.X_OK)
