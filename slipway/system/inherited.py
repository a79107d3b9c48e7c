"""What of the shell's environment reaches our libraries and our children: named here, and nothing else.

A stack is described by its settings alone. Clients of Postgres and of S3 stores read variables and files of their own
beside what they are given, and those that lie about on a machine are about another database or another account.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, MutableMapping
from pathlib import Path

# What any program needs to find its way on this machine.
PROGRAM = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE")
# libpq (PostgreSQL manual, "Environment Variables"), and boto3 (its guide, "Configuration").
FOREIGN = re.compile("PG(?!BACKREST_).+|AWS_.+|BOTO_.+")
# Files that they would look for in the home directory. No path that exists: libpq warns of one that is no plain file.
NOWHERE = dict.fromkeys(
    ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "PGPASSFILE", "PGSERVICEFILE"), f"{os.devnull}/none"
)
# A configuration of pip may ask for another place than the environment that it is called in: an empty value unsets it.
HERE = {"PIP_USER": "0", "PIP_TARGET": "", "PIP_PREFIX": "", "PIP_ROOT": "", "PIP_DRY_RUN": "0"}
# Where the person stood, whom ./invoke takes to the root of the repository; without the launcher, the directory of the
# process. Taken out of the environment: for a task that a child of ours runs (a test, a hook) it would be wrong.
TYPED_IN = Path(os.environ.pop("SLIPWAY_TYPED_IN", ""))


def clear(environ: MutableMapping[str, str] = os.environ) -> None:
    """Takes away what libraries of ours would follow beside the settings of the stack."""
    for name in [each for each in environ if FOREIGN.fullmatch(each)]:
        del environ[name]
    environ |= NOWHERE


def path_of(text: str) -> Path:
    """A path as it was typed, from where the person stood."""
    return TYPED_IN / Path(text).expanduser()


def pick(names: Iterable[str] = PROGRAM) -> dict[str, str]:
    """The variables of these names that are set."""
    return {name: os.environ[name] for name in names if name in os.environ}
