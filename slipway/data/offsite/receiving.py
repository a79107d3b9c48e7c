"""One file on its way back: opened where it is sealed, read again where the line breaks, and hashed as it comes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from slipway.data.mirror import reading
from slipway.data.mirror.crew import Tally
from slipway.data.objects import client as objects
from slipway.data.objects.failures import GONE
from slipway.data.offsite import sealing
from slipway.data.offsite.place import SEALED, Remote
from slipway.errors import VerificationError

TRIES = 5


@dataclass(frozen=True)
class Line:
    """Where files come from, and the private keys that open them; keys are in no message and in no file."""

    remote: Remote
    sealed: bool
    keys: list = field(repr=False)

    @property
    def ending(self) -> str:
        return SEALED if self.sealed else ""


def receive(line: Line, names: dict, target: Path, tally: Tally) -> tuple[str, int]:
    """Brings one file to `target`, flushed to the disk, and returns its sha256 and size.

    Raises VerificationError when the store has lost it or a seal is broken, and the client's errors.
    """
    for number in range(TRIES):
        time.sleep(0 if number == 0 else 0.1 * 2**number)
        try:
            return once(line, names, target, tally)
        except reading.broken_off():
            if number == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def once(line: Line, names: dict, target: Path, tally: Tally) -> tuple[str, int]:
    source = sealing.Source(open_object(line, names), tally)
    with target.open("wb") as file:
        sink = sealing.Sink(file)
        if names["Key"].endswith(SEALED):
            sealing.unseal(source, sink, line.keys, names["Key"])
        else:
            sealing.copy(source, sink)
        file.flush()
        os.fsync(file.fileno())
    return sink.sha256.hexdigest(), sink.size


def open_object(line: Line, names: dict):
    from botocore.exceptions import ClientError

    try:
        return line.remote.client.get_object(**names)["Body"]
    except ClientError as error:
        if objects.code_of(error) in GONE:
            raise VerificationError(
                names["Key"], "is not there", "every file of a copy", "./invoke backups.list for another backup"
            ) from None
        raise
