"""`python -m backend`: read the environment, then serve until SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from backend.settings import SettingsError, read


def main() -> int:
    """Run the service; 0 after a graceful stop, 2 when the environment is unusable (one sentence on stderr)."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)  # first of all: process 1 of a container ignores a signal without a handler
    try:
        settings = read(os.environ)
        # Only now: a wrong setting is told at once, before the libraries are loaded.
        from backend.resources import refuse_unusable
        from backend.serve import listen, serve

        refuse_unusable(settings)
        listener = listen(settings.host, settings.port)
    except SettingsError as error:
        print(f"backend: {error}", file=sys.stderr)
        return 2
    serve(settings, listener)
    return 0


def stop(number: int, frame: FrameType | None) -> NoReturn:
    """End with code 0. uvicorn takes the signals while it serves, and raises them again once it has drained.

    At once and not as an exception: before uvicorn has them, that would end in the middle of an event loop that is being
    made, which tells of itself with a traceback.
    """
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
