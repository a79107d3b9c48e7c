"""From a task to a verb and back to an exit code: signals, output, and the one place where errors are printed."""

from __future__ import annotations

import importlib
import signal
import sys
import threading

from slipway import console
from slipway.errors import ENGINE_GONE, EngineError, Interrupted, SlipwayError, full
from slipway.system import inherited

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def perform(verb: str, on: str, json: bool = False, **options) -> None:
    """Runs `slipway.verbs.VERB` on an environment. Exits with the error's code if it fails; never with a traceback."""
    listen()
    inherited.clear()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # an ASCII terminal shows ? for what it cannot show
    reporter = console.pick(json, sys.stdout)
    try:
        module = importlib.import_module(f"slipway.verbs.{verb}")
        module.run(on, reporter, **options)
        code = 0
    except SlipwayError as error:
        code = report_error(reporter, error)
    except KeyboardInterrupt:
        code = report_error(
            reporter, Interrupted("interrupted", "while nothing was being changed", next="type the same command again")
        )
    except Exception as error:
        if options.get("debug"):
            raise
        code = report_error(reporter, unexpected_error(error))
    finally:
        reporter.close()
    if code:
        # A step that could not be told to end must not keep the process from ending.
        leave(code)


def report_error(reporter, error: SlipwayError) -> int:
    reporter.close()
    reporter.error(error)
    return error.code


def unexpected_error(error: Exception) -> SlipwayError:
    """A fault of ours or of the machine: one sentence, and where in the code it was."""
    import traceback

    origin = type(error).__module__.split(".")[0]
    if origin == "docker":
        found = str(getattr(error, "explanation", None) or error).splitlines()[0][:300]
        return full("Docker", found) or EngineError(
            "Docker", found, "an engine that does what it is asked", "./invoke doctor, then the same command again"
        )
    if origin in ("requests", "urllib3"):
        return EngineError("Docker", *ENGINE_GONE, (str(error)[:300],))
    if isinstance(error, OSError):
        return EngineError(
            str(error.filename or "this machine"),
            error.strerror or str(error),
            "a machine with room on its disk and files that may be read",
            "./invoke doctor",
        )
    last = traceback.extract_tb(error.__traceback__)[-1]
    wrapped = SlipwayError(
        f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}",
        f"{type(error).__name__}: {error}",
        "this not to happen: it is a fault of Slipway",
        "report it with the lines below",
    )
    wrapped.log = tuple("".join(traceback.format_exception(error)).splitlines()[-20:])
    return wrapped


def listen() -> None:
    """SIGTERM, and the end of the terminal, end a run as Ctrl-C does: CI sends the one, people the other."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            # nohup has the end of the terminal ignored, and so it stays.
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda number, frame: interrupt())


def interrupt() -> None:
    # A second signal must not cut the tidying of the first one short.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def leave(code: int) -> None:
    import os

    from slipway.system import process, scratch

    process.end_all()
    process.kill_all()
    scratch.remove_all()
    sys.stdout.flush()
    sys.stderr.flush()
    if any(thread.daemon and thread is not threading.current_thread() for thread in threading.enumerate()):
        os._exit(code)
    sys.exit(code)
