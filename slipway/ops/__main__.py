"""`python -m slipway.ops VERB [JSON]`: progress, then one result or error, as JSON lines on standard output."""

from __future__ import annotations

import json
import os
import signal
import sys

from slipway.data import endpoints, packed
from slipway.errors import Interrupted, SettingsError, SlipwayError
from slipway.ops import serve, verbs
from slipway.system import disk


def main(argv: list[str], env: dict[str, str]) -> int:
    """Runs one verb and returns the exit code: 0, the error's own, or 130 when interrupted. `serve` runs many."""
    if argv == ["serve"]:
        get_ready()
        return serve.serve(lambda request: main(request, env))
    try:
        return run_verb(argv, env)
    except BrokenPipeError:
        # Nobody reads any more: what was open is rolled back by now, and Python must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def run_verb(argv: list[str], env: dict[str, str]) -> int:
    """Runs one verb and prints its result or its error. Raises BrokenPipeError when nobody reads."""
    try:
        if len(argv) == 2 and packed.is_packed(argv[1]):
            # Who packs has no shell that could tell it.
            say({"event": "pid", "pid": os.getpid()})
        result = verbs.run(*arguments(argv), env, say)
        say({"event": "result", "result": result})
        return 0
    except SlipwayError as error:
        return say_error(error)
    except KeyboardInterrupt:
        return say_error(
            Interrupted(
                "data side",
                "stopped by a signal; the open transaction was rolled back",
                "to run to its end",
                "run the same command again",
            )
        )
    except BrokenPipeError:
        raise
    except Exception as error:
        return say_error(unexpected_error(error, env))


def get_ready() -> None:
    """Imports what is asked for first: whoever opened this has other things to do meanwhile."""
    import psycopg  # noqa: F401

    verbs.find("observe")


def arguments(argv: list[str]) -> tuple[str, dict]:
    """The verb and its arguments. Raises SettingsError when the JSON is not an object."""
    if len(argv) not in (1, 2):
        raise SettingsError(
            "python -m slipway.ops", f"{len(argv)} words", "VERB [JSON object]", "one of: " + ", ".join(verbs.VERBS)
        )
    try:
        args = json.loads(packed.read(argv[1])) if len(argv) == 2 else {}
    except ValueError as error:
        raise SettingsError(f"arguments of {argv[0]}", str(error), "a JSON object", "'{}'") from None
    if not isinstance(args, dict):
        raise SettingsError(f"arguments of {argv[0]}", type(args).__name__, "a JSON object", "'{}'")
    return argv[0], args


def say(event: dict) -> None:
    print(json.dumps(event), flush=True)


def say_error(error: SlipwayError) -> int:
    say({"event": "error", "error": error.fields()})
    return error.code


def unexpected_error(error: Exception, env: dict[str, str]) -> SlipwayError:
    """A full disk, or a fault of ours as an error that can be reported: its class, its place, its secrets masked."""
    import traceback

    if found := disk.full(error):
        return found
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "slipway" in frame.filename] or frames
    place = f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno}" if ours else "unknown place"
    text = endpoints.read(env).scrub(str(error))
    return SlipwayError(f"{type(error).__name__} at {place}", text[:500], "", "report this with ./invoke logs -s ops")


class Told(KeyboardInterrupt):
    """Python would end itself by SIGINT, whatever exit code we have, if a plain one had passed through an import."""


def interrupt(number: int, frame: object) -> None:
    """The first signal interrupts; later ones must not cut the rollback short."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    raise Told


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, interrupt)
    sys.exit(main(sys.argv[1:], dict(os.environ)))
