"""Which images of old releases nobody can go back to any more: KEEP_RELEASES says how many good ones are kept."""

from __future__ import annotations


def find_superfluous(records: list[dict], keep: int) -> list[str]:
    """Images of releases that are neither among the last `keep` good ones nor running."""
    good = [record for record in records if record["result"] == "good"]
    kept = {
        name for record in (*good[-keep:], *(r for r in records if r["result"] == "running")) for name in names(record)
    }
    gone = {name for record in records for name in names(record)} - kept
    # Tags first: they are what people know an image by, and the last of its tags takes the image along.
    return sorted(gone, key=lambda name: ("sha256:" in name, name))


def names(record: dict) -> set[str]:
    """What an image may be called by: its tags, which may go on to another image, and its own id and digest."""
    return {record[key] for key in ("image", "image_id", "digest") if record.get(key)} | set(record.get("tags", ()))
