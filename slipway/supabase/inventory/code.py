# ruff: noqa: S608 (the parts are constants of this package)
"""Functions, triggers, policies, event triggers, defaults: code, with what it names that will not be there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slipway.supabase import platform, references
from slipway.supabase.interface import BY_HAND, CHANGES, MOVES, STAYS, Finding
from slipway.supabase.inventory.project import TEAM, Project, listed, no_member

HOST = re.compile(r"https?://[^/'\s?@]+")  # the path of a webhook may be its key

FUNCTIONS = f"""
SELECT p.oid::regprocedure::text, coalesce(nullif(p.prosrc, ''), pg_get_function_sqlbody(p.oid), ''), p.prosecdef,
    coalesce(p.proconfig, '{{}}')::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE {TEAM} AND {no_member("pg_proc", "p")} ORDER BY 1
"""
# On the platform's own tables those alone whose function is the team's.
TRIGGERS = """
SELECT quote_ident(t.tgname) || ' of ' || t.tgrelid::regclass, pg_get_triggerdef(t.oid),
    f.nspname || '.' || p.proname, c.nspname, t.tgenabled::text
FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid JOIN pg_namespace c ON c.oid = r.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0
AND ((c.nspname !~ '^pg_' AND c.nspname <> ALL (%(own)s)) OR f.nspname <> ALL (%(own)s)) ORDER BY 1
"""
POLICIES = """
SELECT quote_ident(p.polname) || ' of ' || p.polrelid::regclass, n.nspname,
    coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1
"""
VIEWS = f"""
SELECT c.oid::regclass::text, pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND {TEAM} AND {no_member("pg_class", "c")} ORDER BY 1
"""
DEFAULTS = f"""
SELECT c.oid::regclass || '.' || quote_ident(a.attname), pg_get_expr(d.adbin, d.adrelid)
FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE {TEAM} ORDER BY 1
"""
EVENTS = """
SELECT e.evtname, p.oid::regprocedure::text, n.nspname FROM pg_event_trigger e
JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace ORDER BY 1
"""


def find(project: Project) -> Iterator[Finding]:
    for name, body, definer, settings in project.rows(FUNCTIONS):
        notes = (
            ["SECURITY DEFINER without a search_path of its own"] if definer and "search_path" not in settings else []
        )
        yield judge("function", name, body, notes)
    for name, text, function, schema, enabled in project.rows(TRIGGERS):
        yield trigger(name, text, function, schema, enabled)
    for name, schema, text in project.rows(POLICIES):
        yield from policy(name, schema, text)
    yield from (each for name, text in project.rows(VIEWS) if (each := judge("view's query", name, text)).note)
    yield from (each for name, text in project.rows(DEFAULTS) if (each := judge("default", name, text)).note)
    for name, function, schema in project.rows(EVENTS):
        ours = name in platform.EVENT_TRIGGERS or schema in platform.SCHEMAS
        note = "Supabase's own" if ours else f"runs {function}; a superuser makes it on the target"
        yield Finding("event trigger", name, STAYS if ours else CHANGES, note)


def judge(kind: str, name: str, text: str, notes: list[str] | None = None) -> Finding:
    """Code by what it names: secrets and the project's address have to change, calls of the platform are by hand."""
    notes, verdict = list(notes or ()), MOVES
    if called := references.calls(text):
        instead = {platform.INSTEAD[each.partition(".")[0]] for each in called}
        notes.append(f"calls {listed(called)}; instead: {'; '.join(sorted(instead))}")
        verdict = BY_HAND
    if kept := (*references.secrets(text), *references.addresses(text)):
        notes.append(f"holds {listed(kept)}: make it a setting")
        verdict = verdict if verdict == BY_HAND else CHANGES
    return Finding(kind, name, verdict, "; ".join(notes))


def trigger(name: str, text: str, function: str, schema: str, enabled: str) -> Finding:
    if function == platform.WEBHOOK:
        host = HOST.search(text)
        note = f"a database webhook{f' to {host[0]}' if host else ''}; instead: {platform.INSTEAD['net']}"
        return Finding("webhook", name, BY_HAND, note)
    found = judge("trigger", name, text, ["switched off"] if enabled == "D" else [])
    if schema not in platform.MOVED or found.verdict != MOVES:
        return found
    note = f"on a table of {schema}, which plain dumps of the team's schemas leave out; runs {function}"
    return Finding("trigger", name, MOVES, note)


def policy(name: str, schema: str, text: str) -> Iterator[Finding]:
    if schema in platform.INSTEAD:
        # pg_cron and realtime bring policies of their own; the team's are told apart by nothing but their text.
        if schema == "realtime":
            yield Finding("policy", name, STAYS, f"no such table on the target; instead: {platform.INSTEAD[schema]}")
        return
    yield judge("policy", name, text)
