"""age: files sealed for public keys before they leave, and opened again with a private key that nothing here keeps."""

from __future__ import annotations

import hashlib
from pathlib import Path

from slipway.data.mirror.crew import Tally
from slipway.data.mirror.pool import PIECE
from slipway.errors import SettingsError, VerificationError

PRIVATE = "AGE-SECRET-KEY-"


def recipients(texts: tuple[str, ...]) -> list:
    """The public keys. Raises SettingsError for one with a slip in it: its checksum tells."""
    from pyrage import RecipientError, x25519

    found = []
    for text in texts:
        try:
            found.append(x25519.Recipient.from_str(text))
        except RecipientError as error:
            raise SettingsError(
                "OFFSITE_AGE_RECIPIENT",
                f"{text[:12]}…: {error}",
                "a public key as age-keygen prints it",
                "edit OFFSITE_AGE_RECIPIENT in .env",
            ) from None
    return found


def identities(text: str) -> list:
    """The private keys in an identity file's text. Raises SettingsError, which never repeats them."""
    from pyrage import IdentityError, x25519

    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        if not lines or not all(line.startswith(PRIVATE) for line in lines):
            raise IdentityError
        return [x25519.Identity.from_str(line) for line in lines]
    except IdentityError:
        raise SettingsError(
            "--identity",
            "a file that is no age identity",
            f"lines that begin with {PRIVATE}",
            "give the file that age-keygen wrote",
        ) from None


def seal(source: Path, target: Path, keys: list) -> None:
    """Writes the sealed form of a file; under its name only when it is whole. Memory is flat for any size."""
    import pyrage

    partial = target.with_name(f"{target.name}.partial")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with source.open("rb") as clear, partial.open("wb") as sealed:
        pyrage.encrypt_io(clear, sealed, keys)
    partial.replace(target)


class Source:
    """A body that is read, and how it broke off if it did: the library that opens seals tells no failures apart."""

    def __init__(self, body, tally: Tally):
        self.body, self.tally, self.failure = body, tally, None

    def read(self, size: int = -1) -> bytes:
        try:
            piece = self.body.read(size)
            self.tally.add(len(piece))
            return piece
        except Exception as error:
            self.failure = error
            raise


class Sink:
    """A file that knows the sha256 and size of what was written to it."""

    def __init__(self, file):
        self.file, self.sha256, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return self.file.write(data)

    def flush(self) -> None:
        self.file.flush()


def unseal(source: Source, sink: Sink, keys: list, where: str) -> None:
    """Opens a sealed stream. Raises VerificationError for a seal that is broken, and for keys that do not fit."""
    import pyrage

    try:
        pyrage.decrypt_io(source, sink, keys)
    except pyrage.DecryptError as error:
        raise VerificationError(
            where,
            str(error),
            "the private key of one of those it was encrypted for",
            "give another file with --identity",
        ) from None
    except OSError as error:
        if source.failure:
            raise source.failure from None
        if error.errno:
            raise  # the disk, not the seal
        raise VerificationError(
            where, f"damaged: {error}", "the bytes that were copied there", "./invoke backups.list for another backup"
        ) from None


def copy(source: Source, sink: Sink) -> None:
    while piece := source.read(PIECE):
        sink.write(piece)
