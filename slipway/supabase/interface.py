"""What can be asked of a Supabase project: the arguments, the answers, and the verbs that take and give them."""

from __future__ import annotations

from dataclasses import dataclass, field

from slipway.data.restore.interface import Check
from slipway.data.verb import Nothing, Verb

# What becomes of a thing that the project has.
MOVES, CHANGES, STAYS, BY_HAND = "moves", "moves with a change", "cannot move", "by hand"
VERDICTS = (MOVES, CHANGES, STAYS, BY_HAND)


@dataclass(frozen=True)
class Finding:
    """One thing that the project has, one of VERDICTS, and which change, what instead, or where to click."""

    kind: str
    name: str
    verdict: str
    note: str = ""


@dataclass(frozen=True)
class Look:
    """List what the project has; `dumps` is a directory of its dumps, which stands for a project that is gone."""

    dumps: str = ""


@dataclass(frozen=True)
class Inventory:
    """Everything that a project has, as of one moment. `bytes` is the size of its database on disk."""

    database: str
    role: str
    version: str
    bytes: int
    at: str  # UTC, ISO 8601
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Copy:
    """Copy the project in the place of the live database, or into one of its own; `fresh` dumps it again in any case.

    `dumps` is a directory of its dumps, which stands for a project that is gone.
    """

    into: str = ""
    fresh: bool = False
    dumps: str = ""


@dataclass(frozen=True)
class Copied:
    """The database that is the copy, the new name of the one that it replaced, what was compared, and what stayed.

    `begun` is the moment that the copy is of, UTC; `left` describes objects of the team's that could not come.
    """

    database: str
    old: str | None
    checks: tuple[Check, ...]
    rows: int
    left: tuple[str, ...]
    notes: tuple[str, ...]
    begun: str
    seconds: float


@dataclass(frozen=True)
class Move:
    """Move the objects; `tree` is the directory of a self-hosted storage, where they are not asked of a server."""

    tree: str = ""


@dataclass(frozen=True)
class Moved:
    """How many objects were put here, their bytes, those that were here, those without bytes, and those with others.

    `absents` names the first of those without bytes, `problems` tells of the first of those with others.
    """

    put: int
    bytes: int
    same: int
    absent: int
    differing: int
    absents: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Delta:
    """Bring what changed since the copy; `into` names the copy, `overwrite` takes back rows that were changed in it."""

    into: str = ""
    overwrite: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class TableChange:
    """Rows of a table that are new, changed and gone; `whole` says that it has no key and was replaced."""

    table: str
    inserted: int
    changed: int
    deleted: int
    whole: bool


@dataclass(frozen=True)
class Brought:
    """What was brought into the copy, or would be on a dry run: `tables` are those that differed, `checks` the proof.

    `since` and `begun` are the two moments, UTC. `orphans` counts objects of the store that no row names any more, and
    `orphan_names` has the first of them; `overwritten` are tables that had been changed here.
    """

    database: str
    since: str
    begun: str
    tables: tuple[TableChange, ...]
    sequences: int
    checks: tuple[Check, ...]
    orphans: int
    orphan_names: tuple[str, ...]
    overwritten: tuple[str, ...]
    dry_run: bool
    seconds: float


@dataclass(frozen=True)
class CheckedRole:
    """The role that DATABASE_URL logs in as, which way it comes, what that way is good for, and what was checked."""

    role: str
    way: str
    good_for: str
    checks: tuple[Check, ...]


# What came of a check: nothing differs, something does, or it could not be made.
SAME, DIFFERS, UNKNOWN = "same", "differs", "not compared"


@dataclass(frozen=True)
class Prove:
    """Compare the project with a database of this stack, with the live one where none is named, and with its store.

    `tree` is the directory of a self-hosted storage, where its bytes are not asked of a server; `dumps` one of the dumps
    of a project that is gone.
    """

    database: str = ""
    tree: str = ""
    dumps: str = ""


@dataclass(frozen=True)
class Compared:
    """One check: what came of it, what was the same, and every difference by its name."""

    name: str
    state: str
    found: str
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Proven:
    """What was compared with what, when (UTC), and what came of it; `left` is what stays on the platform by design."""

    database: str
    project: str
    at: str
    checks: tuple[Compared, ...]
    left: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Claims:
    """Compare the payload of a token, JSON, with what the project says of the user with this address.

    `old` is the payload of a token that the project has issued for the same user, where there is one.
    """

    email: str
    payload: str
    old: str = ""


@dataclass(frozen=True)
class VaultSecret:
    """One secret of the project's vault. `value` is told only to whoever asks for values, and never shown."""

    id: str
    name: str
    value: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Vault:
    """The project's vault: whether there is one, and its secrets in the order in which they were made."""

    there: bool
    secrets: tuple[VaultSecret, ...]


INVENTORY = Verb("supabase.inventory", "slipway.supabase.inventory.take:take", Look, Inventory, alone=True)
COPY = Verb("supabase.copy", "slipway.supabase.copying.copy:copy", Copy, Copied, alone=True)
OBJECTS = Verb("supabase.objects", "slipway.supabase.objects.move:move", Move, Moved, alone=True)
DELTA = Verb("supabase.delta", "slipway.supabase.delta.delta:delta", Delta, Brought, alone=True)
ROLE = Verb("supabase.role", "slipway.supabase.role.check:check", Nothing, CheckedRole)
PROVE = Verb("supabase.prove", "slipway.supabase.proving.prove:prove", Prove, Proven, alone=True)
CLAIMS = Verb("supabase.claims", "slipway.supabase.proving.claims:compare", Claims, Compared, alone=True)
VAULT = Verb("supabase.secrets", "slipway.supabase.vault.read:names", Nothing, Vault)
VAULT_VALUES = Verb(
    "supabase.secrets.values", "slipway.supabase.vault.read:values", Nothing, Vault, alone=True, confidential=True
)
