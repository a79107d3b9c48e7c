"""`python -m slipway.ops.job NAME`: work on the data that a clock outside starts, told in lines that people read.

The last line is `exit code N`: whoever reads the log alone learns it so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from slipway.data import endpoints
from slipway.data.backups.interface import BACKUP, CHECK, PRUNE, Backup, Check, Prune
from slipway.data.endpoints import Endpoints
from slipway.data.offsite.interface import PUSH, Push
from slipway.data.restore.interface import DRILL, Drill
from slipway.data.verb import Verb
from slipway.errors import SettingsError, SlipwayError
from slipway.ops import scheduler

AGE = 26 * 3600.0  # seconds: a day, and the time that a backup may take
NAMES = ("backup", "backups.drill", "backups.check", "backups.push", "backups.prune")


def work(ends: Endpoints, name: str) -> Iterator[tuple[Verb, Any]]:
    """The verbs of a job, each with its arguments; a backup by the clock is proven, copied and pruned after."""
    if name == "backup":
        yield BACKUP, Backup("schedule", wait=scheduler.WAIT)
        yield from scheduler.after(ends, None)
    elif name == "backups.drill":
        yield DRILL, Drill()
    elif name == "backups.check":
        yield CHECK, Check(AGE)
    elif name == "backups.push":
        yield PUSH, Push(wait=scheduler.WAIT)
    elif name == "backups.prune":
        yield PRUNE, Prune()
    else:
        raise SettingsError("job", name, ", ".join(NAMES), "python -m slipway.ops.job backup")


def run(name: str) -> int:
    """Does a job and returns its exit code: that of the first of its verbs that failed."""
    ends = endpoints.read(os.environ)
    verbs = list(work(ends, name))
    if name == "backup":
        scheduler.outlast_deploy(ends)
    code = 0
    for number, (verb, args) in enumerate(verbs):
        found = scheduler.run(verb, args)
        code = code or found.code
        if found.code and not number:
            break  # what comes after needs what the first was to make
    return code


def main(words: list[str]) -> int:
    try:
        code = run(*words) if len(words) == 1 else run("")
    except SlipwayError as error:
        print(error, flush=True)
        code = error.code
    print(f"exit code {code}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
