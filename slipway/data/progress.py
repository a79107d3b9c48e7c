"""How far a piece of work is, told to whoever watches it."""

from __future__ import annotations

from slipway.data.endpoints import Emit


def progress(emit: Emit, text: str, done: int, total: int, unit: str) -> None:
    """Tells how far the work is; `unit` is rows, bytes or files, a total of 0 is unknown."""
    emit({"event": "progress", "text": text, "done": done, "total": total, "unit": unit})
