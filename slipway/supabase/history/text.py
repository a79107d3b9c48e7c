"""A recorded migration as the text of a file: what a plain Postgres can run, and what was left out as a comment. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from slipway.data.migrations.imports.model import plain_name
from slipway.supabase import references, statements
from slipway.supabase.history.interface import Recorded
from slipway.supabase.statements import Need

# Wider than what is told as a token: with a short signature it may be one too.
TOKEN = re.compile(r"eyJ[\w-]{5,}\.(eyJ[\w-]{5,})\.[\w-]*")
# What stands for a secret, by the role that a token names.
TOKENS = {"anon": "SUPABASE_ANON_KEY", "service_role": "SUPABASE_SERVICE_ROLE_KEY"}
UNCHECKED = "SET LOCAL check_function_bodies = off"
BODIES = f"-- Bodies name what is not here; they are made as they are, and fail when they are run.\n{UNCHECKED};\n\n"
NOTHING = "-- Nothing but this number is recorded: write here what it did, where the proof misses something.\n"
EXTENSION = re.compile(r"(?is)^((?:\s|--[^\n]*\n)*create\s+extension\s+)(?!if\s+not\s+exists\b)")
ROLE = "DO $role$ BEGIN IF to_regrole('{name}') IS NULL THEN {statement}; END IF; END $role$"


@dataclass(frozen=True)
class Written:
    """A file by its name, and what of the recorded statements it leaves out, in sentences."""

    name: str
    text: str
    left: tuple[str, ...]


def masked(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement with the name of a setting in the place of each secret, and those names."""
    names: list[str] = []

    def stand_in(name: str) -> str:
        names.append(name)
        return f"${{{name}}}"

    def token(match: re.Match) -> str:
        return stand_in(TOKENS.get(references.role_in(match[1]), "SUPABASE_TOKEN"))

    found = TOKEN.sub(token, statement)
    found = references.KEY.sub(lambda match: stand_in(f"SUPABASE_{match[1].upper()}_KEY"), found)
    found = references.PASSWORD.sub(lambda match: stand_in("SUPABASE_DB_LOGIN"), found)
    return found, tuple(dict.fromkeys(names))


def write(each: Recorded) -> Written:
    """The file of one recorded migration."""
    parts, left, bodies = [], [], False
    for statement in each.statements:
        found = statements.needs(statement)
        at_once = [need for need in found if not need.inside]
        bodies = bodies or len(found) > len(at_once)
        part, reason = rewritten(statement, at_once)
        parts.append(part)
        left += [f"{each.version}: {reason}"] if reason else []
    name = f"{each.version}_{plain_name(each.name) if each.name else 'recorded'}.up.sql"
    return Written(
        name,
        (BODIES if bodies and UNCHECKED not in each.statements else "")
        + ("\n\n".join(parts) + "\n" if parts else NOTHING),
        tuple(left),
    )


def rewritten(statement: str, found: list[Need]) -> tuple[str, str]:
    """The statement as it stands in the file, and why it is left out, where it is."""
    code = statements.outside_quotes(statement)
    if (role := statements.ROLE.match(code)) and code.upper().startswith("CREATE"):
        return ROLE.format(name=role[1], statement=statement.strip()) + ";", ""
    if not found:
        return EXTENSION.sub(r"\1IF NOT EXISTS ", statement).strip() + ";", ""
    reason = f"left out, needs {found[0].name}; instead: {found[0].instead}"
    lines = "\n".join(f"-- {line}".rstrip() for line in f"{statement.strip()};".splitlines())
    return f"-- {reason[0].upper()}{reason[1:]}\n{lines}", f"{' '.join(code.split()[:4])} … {reason}"
