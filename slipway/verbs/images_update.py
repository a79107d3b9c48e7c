"""`images.update`: the digest that each official tag stands for today, into the one file that pins them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from slipway.stack import digests, official
from slipway.system import disk, registry


def run(on: str, reporter) -> None:
    """Asks the registries and writes what changed; then `up` pulls what is new. Nothing is written if one does not answer."""
    changed = update(digests.FILE, official.tags(), datetime.now(UTC).date().isoformat())
    for tag, before, now in changed:
        reporter.line(f"  {tag}: {before[:19] or 'not pinned'} → {now[:19]}")
    said = f"{len(changed)} of {len(official.tags())} images are newer. Commit {digests.FILE.name}, then ./invoke up"
    reporter.done(f"{said}." if changed else "Every tag stands for the image that is pinned.", changed=len(changed))


def update(
    file: Path, tags: Iterable[str], today: str, ask: Callable[[str], str] = registry.digest
) -> list[tuple[str, str, str]]:
    """Writes the digests of these tags; (tag, digest before, digest now) of those that changed."""
    tags, known = tuple(tags), digests.read(file)
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(tags, pool.map(ask, tags), strict=True))
    disk.replace(file, digests.text({tag: {"digest": found[tag], "on": today} for tag in tags}), 0o644)
    digests.read.cache_clear()
    before = {tag: known.get(tag, {}).get("digest", "") for tag in tags}
    return [(tag, before[tag], found[tag]) for tag in tags if before[tag] != found[tag]]
