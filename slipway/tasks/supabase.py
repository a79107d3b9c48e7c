"""`invoke supabase.…`: leaving Supabase."""

from invoke import Collection, task

from slipway.tasks.shared import JSON, NAMED, ON, WAIT, number, perform


@task(default=True, help={"on": ON, "write": "write docs/supabase-fallback.md, for the team", "json": JSON})
def inventory(c, on="local", write=False, json=False):
    """List everything that a Supabase project has, and what becomes of it; reads only."""
    perform("supabase.inventory", on, write=write, json=json)


@task(
    optional=["yes"],
    help={
        "on": ON,
        "into": "name of a database of its own; default: in the place of the live one",
        "fresh": "dump the project again, also where a dump is there whole",
        "yes": NAMED,
        "wait": WAIT,
        "json": JSON,
    },
)
def copy(c, into="", on="local", fresh=False, yes=False, wait="0", json=False):
    """Copy the project's schema, data and logins, of one moment, and compare every row."""
    perform("supabase.copy", on, into=into, fresh=fresh, yes=yes, wait=number("wait", wait), json=json)


@task(help={"on": ON, "tree": "directory of a self-hosted storage that has the objects", "wait": WAIT, "json": JSON})
def objects(c, on="local", tree="", wait="0", json=False):
    """Move the objects of the copied index into this stack's store, each proven by its hash."""
    perform("supabase.objects", on, tree=tree, wait=number("wait", wait), json=json)


@task(
    help={
        "directory": "a project's supabase/migrations, to be looked through; default: those in migrations/",
        "extensions": "more extensions in the schema extensions, with commas: citext,pg_trgm",
        "explicit": "tables are granted one by one, as in projects made since 2026-05-30",
        "json": JSON,
    },
)
def prelude(c, directory="", extensions="", explicit=False, json=False):
    """Write what Supabase has before a team's migrations as one of ours, so that they run on a plain Postgres."""
    perform("supabase.prelude", "local", directory=directory, extensions=extensions, explicit=explicit, json=json)


@task(
    help={
        "on": ON,
        "to": "directory for the files; default: migrations/, where nothing else is in it",
        "tables": "tables of the copy to write as fixtures too, with commas: auth.users,profiles",
        "database": "the copy, where it is not the live database",
        "wait": WAIT,
        "json": JSON,
    },
)
def migrations(c, to="", on="local", tables="", database="", wait="0", json=False):
    """Write the project's recorded migrations, prove that they give the copy's schema, and record them in it."""
    perform("supabase.migrations", on, to=to, tables=tables, database=database, wait=number("wait", wait), json=json)


namespace = Collection("supabase", inventory, copy, objects, prelude, migrations)
