"""What pipes, machines and people see: exact lines."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from slipway import console
from slipway.errors import GateError, MigrationError
from slipway.plan import Plan, Step
from slipway.system import redact

STEP = Step("gate redis", "started in this run", lambda progress: None)
NAME = "gate redis".ljust(console.WIDTH)
ERROR = MigrationError(
    "migrations/2_b.sql:3:7",
    'syntax error at or near "SELCT"',
    "SQL that Postgres accepts",
    "edit it, then ./invoke up",
    tuple(f"line {number}" for number in range(25)),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("as_json", "out", "kind"),
    [
        (True, io.StringIO(), console.Json),
        (True, Terminal(), console.Json),
        (False, io.StringIO(), console.Plain),
        (False, Terminal(), console.Live),
    ],
)
def test_the_reporter_fits_the_output(as_json, out, kind):
    assert type(console.pick(as_json, out)) is kind


@pytest.mark.parametrize(
    ("done", "total", "unit", "seconds", "text"),
    [
        (2000, 10000, "rows", 2.0, "2,000 of 10,000 rows, 1,000/s, 8 s left"),
        (5, None, "files", 2.0, "5 files, 2/s"),
        (10, 10, "files", 2.0, "10 of 10 files, 5/s"),
        (0, 10, "files", 2.0, "0 of 10 files, 0/s"),
        (3, 10, "files", 0.0, "3 of 10 files, 0/s"),
        (0, 0, "bytes", 1.0, "0 bytes, 0 bytes/s"),
        (50 * 2**20, 2000 * 2**20, "bytes", 2.0, "50.0 MB of 2,000.0 MB, 25.0 MB/s, 78 s left"),
        (12, 10, "rows", 1.0, "12 of 10 rows, 12/s"),
    ],
)
def test_amounts_have_a_rate_and_the_time_that_is_left(done, total, unit, seconds, text):
    assert console.amount(done, total, unit, seconds) == text


def test_plain_lines():
    out = io.StringIO()
    plain = console.Plain(out)
    plain.header("shop-local on the embedded engine")
    plain.plan(Plan(((STEP,),)))
    plain.report_start(STEP).say("not within the first ten seconds")
    plain.report_finish(STEP, 0.123, "answered at try 2")
    plain.report_finish(STEP, 12.0, None)
    plain.report_failure(STEP, 61.25, GateError("redis"))
    plain.done("Up in 1.0 s.\nhttp://127.0.0.1:8080", url="http://127.0.0.1:8080")
    plain.close()
    assert out.getvalue().splitlines() == [
        "shop-local on the embedded engine",
        "  1  gate redis  started in this run",
        f"  ✓ {NAME}    0.1 s  answered at try 2",
        f"  ✓ {NAME}   12.0 s  started in this run",
        f"  ✗ {NAME}   61.2 s",
        "Up in 1.0 s.",
        "http://127.0.0.1:8080",
    ]


def test_a_long_step_says_every_ten_seconds_where_it_is(monkeypatch):
    out, now = io.StringIO(), [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    note = console.Plain(out).report_start(STEP)
    note.begun = now[0]
    for second in range(1, 25):
        now[0] = 100.0 + second
        note.count(second * 10, 1000, "rows")
    assert out.getvalue().splitlines() == [
        "    gate redis: 100 of 1,000 rows, 10/s, 90 s left",
        "    gate redis: 200 of 1,000 rows, 10/s, 80 s left",
    ]


def test_json_lines():
    out = io.StringIO()
    reporter = console.Json(out)
    reporter.header("shop-local")
    reporter.plan(Plan(((STEP,),)))
    reporter.report_start(STEP).count(1, 2, "rows")
    reporter.report_finish(STEP, 0.12345, "é\n")
    reporter.report_failure(STEP, 1, GateError("redis"))
    reporter.done("Up", seconds=1.5)
    reporter.error(GateError("redis gate", "refused", "PONG", "./invoke logs redis", ("a", "b")))
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"event": "stack", "text": "shop-local"},
        {"event": "plan", "levels": [[{"name": "gate redis", "cause": "started in this run"}]]},
        {"event": "step", "name": "gate redis", "state": "started", "cause": "started in this run"},
        {"event": "step", "name": "gate redis", "state": "done", "seconds": 0.123, "remark": "é\n"},
        {"event": "step", "name": "gate redis", "state": "failed", "seconds": 1},
        {"event": "done", "text": "Up", "seconds": 1.5},
        {
            "event": "error",
            "code": 4,
            "kind": "gate",
            "where": "redis gate",
            "found": "refused",
            "expected": "PONG",
            "next": "./invoke logs redis",
            "log": ["a", "b"],
        },
    ]


def test_an_error_reads_as_where_found_expected_next_and_the_last_twenty_lines():
    assert console.explain(ERROR).splitlines() == [
        "error: migrations/2_b.sql:3:7",
        '  found     syntax error at or near "SELCT"',
        "  expected  SQL that Postgres accepts",
        "  next      edit it, then ./invoke up",
        "  last lines of its log:",
        *(f"    | line {number}" for number in range(5, 25)),
    ]
    assert console.explain(GateError("redis gate")) == "error: redis gate"


def test_errors_go_to_standard_error_and_leave_the_output_clean(capsys):
    out = io.StringIO()
    console.Plain(out).error(GateError("redis gate", "refused"))
    assert out.getvalue() == "" and capsys.readouterr().err == "error: redis gate\n  found     refused\n"


def test_a_terminal_shows_the_finished_lines_as_they_are():
    out = Terminal()
    live = console.Live(out)
    live.header("before")
    note = live.report_start(STEP)
    note.say("[bold]waiting[/bold]")
    live.line("[red]not markup[/red] :warning: 12 of 12")
    live.report_finish(STEP, 0.5, "/app/:bug: [x]")
    live.close()
    shown = out.getvalue()
    assert shown.startswith("before\n") and "[red]not markup[/red] :warning: 12 of 12" in shown
    assert f"  ✓ {NAME}    0.5 s  /app/:bug: [x]" in shown
    assert live.display is None and live.running == {}


READER_LEFT = """
import sys
from slipway import console
reporter = console.pick(sys.argv[1] == "json", sys.stdout)
reporter.header("first")
sys.stdin.readline()
for number in range(3): reporter.line("nobody reads this")
reporter.close()
print("went on", file=sys.stderr)
"""


@pytest.mark.parametrize("form", ["json", "plain"])
def test_work_goes_on_when_nobody_reads_any_more(form):
    with subprocess.Popen(
        [sys.executable, "-c", READER_LEFT, form],
        text=True,
        stdin=subprocess.PIPE,
        cwd=os.getcwd(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert "first" in child.stdout.readline()
        child.stdout.close()
        child.stdin.write("\n")
        child.stdin.close()
        assert child.stderr.read() == "went on\n" and child.wait(20) == 0


@pytest.mark.parametrize(
    ("kind", "terminal", "typed", "goes_on"),
    [
        (console.Live, True, "y", True),
        (console.Live, True, " YES ", True),
        (console.Live, True, "", False),
        (console.Live, True, "n", False),
        (console.Live, False, None, True),
        (console.Plain, True, None, True),
        (console.Json, True, None, True),
    ],
)
def test_only_who_sits_at_a_terminal_is_asked(monkeypatch, kind, terminal, typed, goes_on):
    asked = []
    monkeypatch.setattr("sys.stdin", Terminal() if terminal else io.StringIO())
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or typed)
    assert kind(io.StringIO()).ask("This replaces redis. Go on?") is goes_on
    assert asked == ([] if typed is None else ["This replaces redis. Go on? [y/N] "])


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
def test_who_leaves_a_question_says_no(monkeypatch, end):
    def leave(question: str) -> str:
        raise end

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", leave)
    assert console.Live(io.StringIO()).ask("Go on?") is False


@pytest.mark.parametrize("kind", [console.Plain, console.Live, console.Json])
def test_no_reporter_shows_a_secret(kind, capfd) -> None:
    redact.learn(redact.Masker(['say "friend"']))
    out = Terminal()
    reporter = kind(out)
    reporter.line('one say "friend"')
    reporter.report_start(STEP).say('two say "friend"')
    reporter.report_finish(STEP, 1.0, 'three say "friend"')
    reporter.done('four say "friend"', facts=['five {"said": "say \\"friend\\""}'])
    reporter.error(GateError("app", 'six say "friend"', log=('seven say "friend"',)))
    reporter.close()
    captured = capfd.readouterr()
    assert "friend" not in out.getvalue() + captured.out + captured.err and "•••" in out.getvalue()
