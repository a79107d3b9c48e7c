"""What people, pipes and machines see of a run: live lines on a terminal, plain lines in a pipe, JSON lines on request."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

from slipway.errors import SlipwayError
from slipway.outlook import Outlook
from slipway.plan import Plan, Step
from slipway.system.redact import mask, mask_data
from slipway.units import amount

WIDTH = 35


def pick(as_json: bool, out: TextIO) -> Plain | Live | Json:
    """The reporter that fits the output: asked for JSON, a terminal, or anything else."""
    if as_json:
        return Json(out)
    return Live(out) if out.isatty() else Plain(out)


def put(text: str, out: TextIO) -> bool:
    """Prints a line without the secrets of the stack. Returns whether somebody reads; later lines go nowhere if not."""
    try:
        print(mask(text), file=out, flush=True)
        return True
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, out.fileno())
        os.close(nowhere)
        return False


@dataclass
class Note:
    """The latest thing that a running step said."""

    begun: float = field(default_factory=time.monotonic)
    text: str = ""

    def say(self, text: str) -> None:
        self.text = text

    def count(self, done: int, total: int | None, unit: str) -> None:
        self.text = amount(done, total, unit, time.monotonic() - self.begun)


@dataclass
class Plain:
    """One line per finished step; a long one says every ten seconds where it is."""

    out: TextIO
    lock: threading.Lock = field(default_factory=threading.Lock)

    def line(self, text: str) -> None:
        with self.lock:
            put(text, self.out)

    def header(self, text: str) -> None:
        self.line(text)

    def plan(self, plan: Plan, outlook: Outlook | None = None) -> None:
        self.line("\n".join(filter(None, (plan.text(), outlook.text() if outlook else ""))))

    def outline(self, plan: Plan) -> None:
        self.line(plan.outline())

    def ask(self, question: str) -> bool:
        """Whether to go on; where nobody sits who could say no, yes."""
        return True

    def report_start(self, step: Step) -> Note:
        return Spoken(self, step)

    def report_finish(self, step: Step, seconds: float, remark: str | None) -> None:
        self.line(f"  ✓ {step.name:<{WIDTH}} {seconds:6.1f} s  {remark or step.cause}".rstrip())

    def report_failure(self, step: Step, seconds: float, error: BaseException) -> None:
        self.line(f"  ✗ {step.name:<{WIDTH}} {seconds:6.1f} s")

    def done(self, text: str, **facts: Any) -> None:
        self.line(text)

    def error(self, error: SlipwayError) -> None:
        put(explain(error), sys.stderr)

    def close(self) -> None:
        self.out.flush()


@dataclass
class Spoken(Note):
    """A note that a pipe hears at most every ten seconds."""

    def __init__(self, plain: Plain, step: Step):
        super().__init__()
        self.plain, self.step, self.spoken = plain, step, time.monotonic()

    def say(self, text: str) -> None:
        super().say(text)
        self.speak()

    def count(self, done: int, total: int | None, unit: str) -> None:
        super().count(done, total, unit)
        self.speak()

    def speak(self) -> None:
        if time.monotonic() - self.spoken >= 10:
            self.spoken = time.monotonic()
            self.plain.line(f"    {self.step.name}: {self.text}")


class Live(Plain):
    """Plain lines above, and below them one moving line per step that still runs."""

    def __init__(self, out: TextIO):
        super().__init__(out)
        self.running: dict[str, Note] = {}
        self.display = None

    def ask(self, question: str) -> bool:
        if not sys.stdin.isatty():
            return True
        try:
            return input(mask(f"{question} [y/N] ")).strip().lower() in ("y", "yes")
        except (EOFError, KeyboardInterrupt):
            self.line("")
            return False

    def report_start(self, step: Step) -> Note:
        note = Note()
        with self.lock:
            self.running[step.name] = note
            self.show()
        return note

    def show(self) -> None:
        from rich.console import Console
        from rich.live import Live as Display

        if self.display is None and self.running:
            console = Console(file=self.out, highlight=False, emoji=False)
            self.display = Display(
                get_renderable=self.render_steps, console=console, refresh_per_second=8, transient=True
            )
            self.display.start()

    def render_steps(self):
        from rich.text import Text

        now = time.monotonic()
        return Text(
            "\n".join(
                f"  … {name:<{WIDTH}} {now - note.begun:6.1f} s  {mask(note.text)}"
                for name, note in list(self.running.items())
            ),
            no_wrap=True,
            overflow="ellipsis",
        )

    def line(self, text: str) -> None:
        with self.lock:
            if self.display:
                self.display.console.print(mask(text), markup=False, soft_wrap=True)
            else:
                put(text, self.out)

    def report_finish(self, step: Step, seconds: float, remark: str | None) -> None:
        self.forget(step)
        super().report_finish(step, seconds, remark)

    def report_failure(self, step: Step, seconds: float, error: BaseException) -> None:
        self.forget(step)
        super().report_failure(step, seconds, error)

    def forget(self, step: Step) -> None:
        with self.lock:
            self.running.pop(step.name, None)

    def close(self) -> None:
        with self.lock:
            if self.display:
                self.display.stop()
                self.display = None


@dataclass
class Json:
    """One JSON object per line; the last one is `done` or `error`."""

    out: TextIO
    lock: threading.Lock = field(default_factory=threading.Lock)

    def emit(self, event: str, **facts: Any) -> None:
        with self.lock:
            put(json.dumps({"event": event, **mask_data(facts)}, ensure_ascii=False, default=str), self.out)

    def header(self, text: str) -> None:
        self.emit("stack", text=text)

    def line(self, text: str) -> None:
        self.emit("text", text=text)

    def plan(self, plan: Plan, outlook: Outlook | None = None) -> None:
        self.emit("plan", levels=plan.data(), **(outlook.data() if outlook else {}))

    def outline(self, plan: Plan) -> None:
        self.plan(plan)

    def ask(self, question: str) -> bool:
        return True

    def report_start(self, step: Step) -> Note:
        self.emit("step", name=step.name, state="started", cause=step.cause)
        return Note()

    def report_finish(self, step: Step, seconds: float, remark: str | None) -> None:
        self.emit("step", name=step.name, state="done", seconds=round(seconds, 3), remark=remark)

    def report_failure(self, step: Step, seconds: float, error: BaseException) -> None:
        self.emit("step", name=step.name, state="failed", seconds=round(seconds, 3))

    def done(self, text: str, **facts: Any) -> None:
        self.emit("done", text=text, **facts)

    def error(self, error: SlipwayError) -> None:
        self.emit("error", code=error.code, **error.fields())

    def close(self) -> None:
        self.out.flush()


def explain(error: SlipwayError) -> str:
    """An error as people read it: where, found, expected, next, and the last lines of what failed."""
    rows = [("found", error.found), ("expected", error.expected), ("next", error.next)]
    lines = [f"error: {error.where}", *(f"  {name:<9} {text}" for name, text in rows if text)]
    if error.log:
        lines += ["  last lines of its log:", *(f"    | {line}" for line in error.log[-20:])]
    return "\n".join(lines)
