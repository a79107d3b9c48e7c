"""What a rehearsal found, in sentences for people."""

from __future__ import annotations


def effects(file: dict) -> list[str]:
    """One sentence for each lock that somebody may wait for, each rewritten table, index, change of rows and size."""
    end = "its statement, as far as seen" if file["sampled"] else "the file"
    told = [f"{each['table']}: {each['mode']} to the end of {end}, blocks {each['blocks']}" for each in file["locks"]]
    told += [f"{each['table']}: written anew, {each['rows']} rows" for each in file["rewritten"]]
    told += [f"{each['index']}: built, {size(each['bytes'])}" for each in file["indexes"]]
    told += [f"{each['table']}: {rows(each)}" for each in file["changed"]]
    told += ["rows that it changes are not counted: it is run without a transaction"] if file["sampled"] else []
    told += (
        [f"the database {'grows' if file['size_change'] > 0 else 'shrinks'} by {size(abs(file['size_change']))}"]
        if file["size_change"]
        else []
    )
    return told + undone(file["down"])


def rows(each: dict) -> str:
    return ", ".join(f"{each[word]} rows {word}" for word in ("inserted", "updated", "deleted") if each[word])


def undone(down: dict) -> list[str]:
    """How its down went; each difference that it leaves."""
    if down["restores"]:
        return ["down: brings back the exact schema"]
    if not down["tried"]:
        return [f"down: not tried, {down['reason']}"]
    return [f"down: {down['reason']}", *(f"down: {each}" for each in down["differences"])]


def summary(files: list[dict], ok: bool, live: int, copy: int) -> str:
    """`live` and `copy` are the major versions of the two servers."""
    if not files:
        return "Nothing is pending, so there is nothing to rehearse."
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    where = "a copy" if live == copy else f"a copy on PostgreSQL {copy}, while the live server is {live}"
    return f"{count} went up on {where}" + ("." if ok else ", but not every down brings the schema back.")


def size(count: int) -> str:
    """Bytes as people read them."""
    for unit in ("bytes", "kB", "MB"):
        if count < 10_000:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"
