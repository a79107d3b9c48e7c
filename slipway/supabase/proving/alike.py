"""Two catalogs made comparable: whoever owns what, and whichever version prints it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from slipway.data.postgres import catalog
from slipway.data.postgres.catalog import OF, Facts, Snapshot

GRANT = re.compile(r'^("(?:[^"]|"")*"|[^=]*)=([a-zA-Z*]*)/')
PRIVILEGE = re.compile(r"[a-zA-Z]\*?")
LOGINS = "policy slipway_logins of auth."  # of the copy: the way of the role that logs people in
DEFAULTS = "default privileges of "  # of each role; those of the owner are compared under a name of their own
EXTENSION = "extension "
PUBLIC = ("schema public", "PUBLIC=U")  # what the stack takes from everybody, and gives to its own roles one by one

TOLD = (
    "what everybody, PUBLIC, gets of new objects: in the live database nothing",
    "settings of Supabase's other roles: the app's roles have theirs",
    "settings of roles act at a login; whoever acts as one by SET ROLE applies them itself, as the app does with its own",
    "USAGE of schema public for PUBLIC: roles have it one by one",
)


def of_one_owner(found: Snapshot, roles: Collection[str]) -> Snapshot:
    """The same for the roles that both servers have, whoever owns it, without what only versions tell apart.

    Left out: owners, versions of extensions, what new objects of others than the owner would be granted, the copy's own policies of logins, and
    that everybody may use the schema public. TOLD says so to people.
    """
    whole = catalog.of_any_copy(found)
    parts = {name for name, facts in whole.items() if facts.get("parents")}
    return {
        name: comparable(name, facts, facts.get(OF) in parts, roles)
        for name, facts in whole.items()
        if not name.startswith((LOGINS, DEFAULTS))
    }


def comparable(name: str, facts: Facts, of_part: bool, roles: Collection[str]) -> Facts:
    """The facts of one object. Since 17 the columns of a partition say themselves what their parent's identity is."""
    dropped = {"owner"} | ({"version"} if name.startswith(EXTENSION) else set()) | ({"identity"} if of_part else set())
    kept = {fact: value for fact, value in facts.items() if fact not in dropped}
    if "grants" in kept:
        kept["grants"] = [each for each in grants(kept["grants"], roles) if (name, each) != PUBLIC]
    return kept


def grants(given: Iterable[str], roles: Collection[str]) -> list[str]:
    """Who of these roles, and PUBLIC, may do what, whoever granted it: `anon=ar`."""
    found: dict[str, set[str]] = {}
    for match in filter(None, map(GRANT.match, given)):
        name = match[1][1:-1].replace('""', '"') if match[1].startswith('"') else match[1]
        if not name or name in roles:
            found.setdefault(name or "PUBLIC", set()).update(PRIVILEGE.findall(match[2]))
    return sorted(f"{name}={''.join(sorted(letters))}" for name, letters in found.items())


def without(found: Snapshot, names: Collection[str]) -> Snapshot:
    """The same without these objects and all that belongs to them."""
    gone = set(names)
    while more := {name for name, facts in found.items() if facts.get(OF) in gone} - gone:
        gone |= more
    return {name: facts for name, facts in found.items() if name not in gone}
