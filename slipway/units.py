"""Amounts as people read them."""

from __future__ import annotations


def size(count: float) -> str:
    """Bytes as people read them: `512 bytes`, `12.3 KB`, `1,024.0 MB`."""
    if count < 1000:
        return f"{count:.0f} bytes"
    return f"{count / 2**10:.1f} KB" if count < 1000 * 2**10 else f"{count / 2**20:,.1f} MB"


def amount(done: int, total: int | None, unit: str, seconds: float) -> str:
    """Progress with its rate and the time that remains: `2,000 of 10,000 rows, 950/s, 8 s left`."""
    rate = done / seconds if seconds > 0 else 0
    left = f", {(total - done) / rate:.0f} s left" if total and rate and done < total else ""
    if unit == "bytes":
        return f"{size(done)}{f' of {size(total)}' if total else ''}, {size(rate)}/s{left}"
    of = f" of {total:,}" if total else ""
    return f"{done:,}{of} {unit}, {rate:,.0f}/s{left}"
