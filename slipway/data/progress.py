"""How far a piece of work is, told to whoever watches it."""

from __future__ import annotations

from collections.abc import Callable

from slipway.data.endpoints import Emit


def progress(emit: Emit, text: str, done: int, total: int, unit: str) -> None:
    """Tells how far the work is; `unit` is rows, bytes or files, a total of 0 is unknown."""
    emit({"event": "progress", "text": text, "done": done, "total": total, "unit": unit})


def teller(emit: Emit) -> Callable[[str], None]:
    """Says a text as it is, without a measure."""
    return lambda text: progress(emit, text, 0, 0, "files")
