"""What squawk's rules mean here: which lock, what it blocks, what to write instead, and which rules do not apply.

The locks are those of the PostgreSQL manual, "Explicit Locking" and the pages of each command. A rule that is not
here keeps squawk's own text.
"""

from __future__ import annotations

from dataclasses import dataclass

# The runner sets both timeouts itself, and a file that fails leaves nothing, so that it can be run again as it is.
# IF NOT EXISTS would do harm: it passes over the invalid index that a broken CREATE INDEX CONCURRENTLY leaves.
NOT_FOR_US = ("require-lock-timeout", "require-statement-timeout", "prefer-robust-stmts")

ALONE = "in a file of its own that begins with -- slipway: no-transaction"


@dataclass(frozen=True)
class Words:
    """Our text for a rule. `level` is warning for what blocks or breaks, advice for taste."""

    message: str
    help: str
    level: str = "warning"


RULES: dict[str, Words] = {
    "require-concurrent-index-creation": Words(
        "CREATE INDEX takes SHARE on the table: every INSERT, UPDATE and DELETE waits until the index is built",
        f"CREATE INDEX CONCURRENTLY, {ALONE}",
    ),
    "require-concurrent-index-deletion": Words(
        "DROP INDEX takes ACCESS EXCLUSIVE on the table: reads and writes wait for it, and it for every open query",
        f"DROP INDEX CONCURRENTLY, {ALONE}",
    ),
    "require-concurrent-reindex": Words(
        "REINDEX blocks writes to the table, and reads that use the index, until it is rebuilt",
        f"REINDEX … CONCURRENTLY, {ALONE}",
    ),
    "require-concurrent-partition-detach": Words(
        "DETACH PARTITION takes ACCESS EXCLUSIVE on the parent: all its partitions are blocked for reads and writes",
        f"DETACH PARTITION … CONCURRENTLY, {ALONE}",
    ),
    "ban-concurrent-index-creation-in-transaction": Words(
        "CONCURRENTLY refuses to run inside a transaction, and each file is run in one",
        "begin the file with -- slipway: no-transaction, with nothing in it but this",
    ),
    "adding-foreign-key-constraint": Words(
        "a foreign key takes SHARE ROW EXCLUSIVE on both tables while every row is checked: writes to both wait",
        "ADD CONSTRAINT … NOT VALID here, VALIDATE CONSTRAINT in the next file: that one blocks no writes",
    ),
    "constraint-missing-not-valid": Words(
        "the constraint is checked against every row under ACCESS EXCLUSIVE (foreign keys: SHARE ROW EXCLUSIVE)",
        "ADD CONSTRAINT … NOT VALID here, VALIDATE CONSTRAINT in the next file",
    ),
    "disallowed-unique-constraint": Words(
        "a UNIQUE constraint builds its index under ACCESS EXCLUSIVE: reads and writes wait until it is built",
        f"CREATE UNIQUE INDEX CONCURRENTLY, {ALONE}, then ADD CONSTRAINT … UNIQUE USING INDEX",
    ),
    "adding-serial-primary-key-field": Words(
        "a new primary key column rewrites the table and builds its index under ACCESS EXCLUSIVE",
        "add the column, fill it in steps, CREATE UNIQUE INDEX CONCURRENTLY, then ADD PRIMARY KEY USING INDEX",
    ),
    "adding-field-with-default": Words(
        "a volatile or generated default rewrites the whole table under ACCESS EXCLUSIVE: reads and writes wait",
        "add the column without it, SET DEFAULT for new rows, and fill the old ones in steps",
    ),
    "adding-not-nullable-field": Words(
        "SET NOT NULL reads the whole table under ACCESS EXCLUSIVE, and fails if a row is null",
        "ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, VALIDATE it in the next file, then SET NOT NULL",
    ),
    "adding-required-field": Words(
        "a NOT NULL column without a default fails if the table has rows, and breaks every INSERT of the old release",
        "add it with a constant DEFAULT, or nullable, fill it, and make it NOT NULL later",
    ),
    "changing-column-type": Words(
        "a new type rewrites table and indexes under ACCESS EXCLUSIVE (not varchar to text); the old release may break",
        "add a column of the new type, keep both filled by a trigger, move the rows in steps, then drop the old one",
    ),
    "renaming-column": Words(
        "the release that still runs uses the old name: its queries fail from this commit on",
        "add the new column, keep both filled until the old release is gone, then drop the old one",
    ),
    "renaming-table": Words(
        "the release that still runs uses the old name: its queries fail from this commit on",
        "rename it and make a view of the old name in the same file; drop the view later",
    ),
    "ban-drop-column": Words(
        "the column's data is gone, and the release that still runs may use it; down cannot bring it back",
        "deploy a release that does not use it first; then drop it, with a -- squawk-ignore ban-drop-column above",
    ),
    "ban-drop-table": Words(
        "the table's data is gone, and the release that still runs may use it; down cannot bring it back",
        "deploy a release that does not use it first; then drop it, with a -- squawk-ignore ban-drop-table above",
    ),
    "ban-drop-database": Words("it drops a database with all that is in it", "nothing of the kind in a migration"),
    "ban-drop-not-null": Words(
        "the release that still runs may not expect a null here", "deploy a release that takes nulls first"
    ),
    "ban-truncate-cascade": Words(
        "it empties every table that refers to this one, too, under ACCESS EXCLUSIVE", "name each table to be emptied"
    ),
    "ban-uncommitted-transaction": Words(
        "BEGIN without COMMIT; each file is run in one transaction of its own", "remove BEGIN"
    ),
    "transaction-nesting": Words(
        "BEGIN, COMMIT or ROLLBACK inside a file that is run in one transaction of its own", "remove it"
    ),
    "prefer-bigint-over-int": Words(
        "an int ends at 2 147 483 647; as a key it may be used up, and widening it later rewrites the table",
        "bigint for keys and counters",
        "advice",
    ),
    "prefer-bigint-over-smallint": Words(
        "a smallint ends at 32 767, and widening it later rewrites the table", "bigint", "advice"
    ),
    "prefer-text-field": Words(
        "shortening a varchar(n) later reads the whole table under ACCESS EXCLUSIVE",
        "text with a CHECK on its length, which can be changed with NOT VALID",
        "advice",
    ),
    "prefer-identity": Words(
        "serial leaves a sequence with rights and an owner of its own",
        "bigint GENERATED BY DEFAULT AS IDENTITY",
        "advice",
    ),
    "prefer-timestamp-tz": Words(
        "timestamp without time zone means another moment in each session's zone", "timestamptz", "advice"
    ),
    "ban-char-field": Words("char(n) pads with blanks", "text", "advice"),
}


def words(rule: str, level: str, message: str, help: str | None) -> Words:
    """Our words for a rule, or squawk's where we have none; its errors stay errors."""
    known = RULES.get(rule)
    if known:
        return known
    return Words(message, help or "", "error" if level.lower() == "error" else "warning")
