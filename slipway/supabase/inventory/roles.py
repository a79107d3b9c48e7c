"""Roles of the team's, settings of roles and of the database, and what is granted without being asked for."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.supabase import platform
from slipway.supabase.copying import role_settings
from slipway.supabase.copying.role_settings import Setting
from slipway.supabase.interface import BY_HAND, CHANGES, MOVES, STAYS, Finding
from slipway.supabase.inventory.project import Project, listed

ROLES = "SELECT rolname, rolcanlogin, rolbypassrls, rolsuper FROM pg_roles ORDER BY 1"
SETTINGS = """
SELECT coalesce(r.rolname, ''), split_part(each, '=', 1), substr(each, strpos(each, '=') + 1)
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) each
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY 1, 2
"""
# What tables of the schema public are granted to the API's roles by themselves.
DEFAULTS = """
SELECT DISTINCT a.grantee::regrole::text FROM pg_default_acl d, aclexplode(d.defaclacl) a
WHERE d.defaclobjtype = 'r' AND d.defaclnamespace = to_regnamespace('public')
AND d.defaclrole = (SELECT datdba FROM pg_database WHERE datname = current_database())
AND a.grantee IN (SELECT oid FROM pg_roles WHERE rolname IN ('anon', 'authenticated')) ORDER BY 1
"""
APP = "app.settings."
SET_ROLE = "it acts at a login, and whoever acts as the role by SET ROLE applies it itself"
TIMEOUTS = {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"}


def find(project: Project) -> Iterator[Finding]:
    for name, login, bypass, superuser in project.rows(ROLES):
        if not platform.owns_role(name):
            notes = ["its password is in no dump: a new one"] if login else []
            notes += ["passes row level security by"] if bypass else []
            notes += ["was a superuser, which no role is on the target"] if superuser else []
            yield Finding("role", name, CHANGES if notes else MOVES, "; ".join(notes))
    for role, name, value in project.rows(SETTINGS):
        yield setting(role, name, value)
    if given := [name for (name,) in project.rows(DEFAULTS)]:
        yield Finding("default privileges", "public", MOVES, f"every new table is granted to {listed(given)}")
    else:
        yield Finding("default privileges", "public", MOVES, "tables are granted one by one")


def setting(role: str, name: str, value: str) -> Finding:
    """A setting of a role or of the database. Its value is shown where it is a time alone: others may be secrets."""
    of = f"{name} of {f'role {role}' if role else 'the database'}"
    shown = f"{value}: " if name in TIMEOUTS else ""
    if role and platform.owns_role(role) and role not in platform.API_ROLES:
        if name.startswith(APP):
            return Finding("setting", of, BY_HAND, role_settings.reason(Setting(role, name, value)))
        return Finding("setting", of, STAYS, f"{shown}of one of Supabase's own roles; the app's have theirs")
    if why := role_settings.reason(Setting(role, name, value)):
        return Finding("setting", of, BY_HAND if name.startswith(APP) else STAYS, why)
    if role:
        return Finding("setting", of, CHANGES, f"{shown}set for the copy alone; {SET_ROLE}")
    return Finding("setting", of, CHANGES, f"{shown}set for the copy alone")
