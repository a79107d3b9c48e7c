"""Scripts of a Postman collection, in a JavaScript engine without files, network or programs, bounded in time and memory.

The engine is QuickJS. What scripts call is JavaScript of ours beside this file; a script says with whom it wants to
speak, and the host decides: nothing of Python can be called from inside.
"""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

SOURCES = ("chain", "assertions", "schema", "variables", "request", "older", "pm")
LIBRARY_LINES = 10_000  # pm.js knows it too: what stands on a lower line is the script's
MEMORY = 64 << 20
SECONDS = 5.0  # of the processor, without a word to the host
LONGEST = 30.0  # with everything that a script waits for
BENT = "a script that changes what JavaScript itself is made of"


class ScriptError(Exception):
    """A script that cannot be read, or was stopped; `line` is 0 where nobody knows it."""

    def __init__(self, found: str, line: int = 0):
        super().__init__(found)
        self.found, self.line = found, line


@functools.cache
def library() -> str:
    here = Path(__file__).parent
    text = "\n".join((here / f"{name}.js").read_text(encoding="utf-8") for name in SOURCES)
    return "\n" * LIBRARY_LINES + f"(function () {{{text}\n}})();"


class Script:
    """One script's own engine, thrown away with it: nothing of one script is left for the next."""

    def __init__(self, seconds: float = SECONDS, longest: float = LONGEST):
        import quickjs  # only a smoke test pays for it

        self.failure = quickjs.JSException
        self.js = quickjs.Context()
        self.host = self.js.eval(library())
        self.js.set_memory_limit(MEMORY)
        self.js.set_time_limit(seconds)
        self.longest = longest

    def check(self, source: str) -> None:
        """Raises ScriptError if the text is no JavaScript."""
        try:
            self.js.eval(f"(async function () {{{source}\n}})")
        except self.failure as error:
            raise script_error(error, source) from None
        except ValueError:
            raise ScriptError("a character that no script can hold", 1) from None

    def call(self, name: str, *args: object) -> object:
        """One word of pm.js for the host."""
        try:
            found = self.host(name, *args)
            return json.loads(found) if isinstance(found, str) else None
        except self.failure as error:
            raise script_error(error) from None
        except ValueError:
            raise ScriptError(BENT) from None

    def run(self, source: str, state: Mapping, send: Callable[[dict, dict], dict]) -> dict:
        """Runs a script to its end, with the requests and timers that it waits for; returns what it left.

        Raises ScriptError for one that is stopped. What a script throws by itself is in the result.
        """
        end = time.monotonic() + self.longest
        self.call("begin", json.dumps(state), source)
        while True:
            self.settle(end)
            match self.call("next"):
                case {"result": result}:
                    return result
                case {"send": request, "id": number, "scopes": scopes}:
                    self.call("answer", number, json.dumps(send(request, scopes)))
                case {"wait": milliseconds, "id": number}:
                    time.sleep(max(0.0, min(milliseconds / 1000, end - time.monotonic())))
                    self.call("fire", number)
                case _:
                    raise ScriptError(BENT)

    def settle(self, end: float) -> None:
        """Promises that are due. Raises ScriptError where they, or timers, have no end."""
        try:
            while self.js.execute_pending_job():
                if time.monotonic() > end:
                    break
        except self.failure as error:
            raise script_error(error) from None
        if time.monotonic() > end:
            raise ScriptError(f"a script that was still waiting after {self.longest:.0f} s")


def script_error(error: Exception, source: str = "") -> ScriptError:
    """What the engine says of a script, in short, with its line."""
    text = str(error)
    lines = [int(line) for line in re.findall(r"<input>:(\d+)", text) if int(line) < LIBRARY_LINES]
    line = min(lines[0], source.count("\n") + 1) if lines and source else next(iter(lines), 0)
    if "interrupted" in text:
        return ScriptError("a script that computes without an end", line)
    if text.strip() == "null" or "out of memory" in text:
        return ScriptError(f"a script that wanted more than {MEMORY >> 20} MB", line)
    return ScriptError(text.split("\n")[0], line)
