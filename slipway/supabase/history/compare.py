"""Two catalogs of one team's schema, the copy's and that of the written migrations, told apart from the platform's. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from slipway.data.postgres import catalog
from slipway.data.postgres.catalog import Snapshot
from slipway.supabase import platform

OURS = f"(?:{'|'.join((*platform.MOVED, platform.EXTENSIONS))})"
PLATFORMS = re.compile(rf'"?\b{OURS}"?\.|\bschema {OURS}$')
ON_PLATFORMS = re.compile(rf"(trigger|policy) .* of {OURS}\.")
RUNS_PLATFORMS = re.compile(rf"EXECUTE FUNCTION {OURS}\.")
POLICIES = re.compile(r"policy (slipway_\w+|logins) of ")
GRANT = re.compile(r"^(.*?)=([a-zA-Z*]*)/")


def difference(copy: Snapshot, made: Snapshot, roles: Collection[str], masked: Collection[str]) -> list[str]:
    """What the migrations give otherwise than the copy has it, a sentence each.

    Of grants those to `roles` count; bodies of the functions `masked` hold another text, since a secret was taken out.
    """
    expected, found = (of_team(catalog.of_any_copy(each), roles, masked) for each in (copy, made))
    return catalog.difference(expected, found)


def of_team(found: Snapshot, roles: Collection[str], masked: Collection[str]) -> Snapshot:
    return {
        name: {
            fact: told(fact, value, roles) for fact, value in facts.items() if not (fact == "body" and name in masked)
        }
        for name, facts in found.items()
        if is_teams(name, facts)
    }


def is_teams(name: str, facts: catalog.Facts) -> bool:
    """Not what the platform has, nor what an administrator makes: extensions, event triggers, default privileges."""
    if name.startswith(("extension ", "event trigger ", "default privileges ", "foreign ", "comment on extension ")):
        return False
    if ON_PLATFORMS.match(name):
        return not POLICIES.match(name) and not RUNS_PLATFORMS.search(str(facts.get("definition", "")))
    return not PLATFORMS.search(name)


def told(fact: str, value: object, roles: Collection[str]) -> object:
    """Grants to these roles alone, without MAINTAIN, which a server knows since 17; the rest as it is."""
    if fact != "grants" or not isinstance(value, list):
        return value
    given = [match for match in map(GRANT.match, value) if match and match[1].strip('"') in roles]
    return sorted(f"{each[1]}={each[2].replace('m', '')}" for each in given)
