"""pool.list: the names of the pool's objects that a copy uses, never sealed, so that pruning needs no private key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from slipway.data.objects import client as objects
from slipway.data.objects import failures
from slipway.data.offsite.place import Remote
from slipway.errors import BackupError

NAME = "pool.list"
LINE = re.compile(r"[0-9a-f]{64}(\.age)?")
END = "# {count} names"  # a list that was cut short would have what it no longer names removed


def write(path: Path, names: Iterable[str]) -> None:
    count = 0
    with path.open("w", encoding="ascii") as file:
        for name in names:
            file.write(f"{name}\n")
            count += 1
        file.write(END.format(count=count) + "\n")


def read(remote: Remote, identity: str) -> Iterator[str]:
    """The names that a copy uses. Raises BackupError where the list is missing or not whole."""
    from botocore.exceptions import ClientError

    names = remote.file(identity, NAME)
    try:
        lines = remote.client.get_object(**names)["Body"].iter_lines()
    except ClientError as error:
        if objects.code_of(error) in failures.GONE:
            raise broken_error(names["Key"], "missing") from None
        raise
    count, last = 0, ""
    for line in lines:
        last = line.decode("ascii", "replace")
        if LINE.fullmatch(last):
            count += 1
            yield last
    if last != END.format(count=count):
        raise broken_error(names["Key"], f"not whole after {count} names")


def broken_error(key: str, found: str) -> BackupError:
    return BackupError(
        key,
        found,
        "the objects that this copy uses; none was removed",
        "./invoke backups.fetch brings that backup here; ./invoke backups.push copies it anew",
    )
