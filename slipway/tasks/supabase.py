"""`invoke supabase.…`: leaving Supabase."""

from invoke import Collection, task

from slipway.tasks.shared import JSON, NAMED, ON, WAIT, number, perform

FROM_DIR = "directory of dumps (supabase db dump, pg_dump) that stands for a project that is gone"


@task(
    default=True,
    help={"on": ON, "from-dir": FROM_DIR, "write": "write docs/supabase-fallback.md, for the team", "json": JSON},
)
def inventory(c, on="local", from_dir="", write=False, json=False):
    """List everything that a Supabase project has, and what becomes of it; reads only."""
    perform("supabase.inventory", on, from_dir=from_dir, write=write, json=json)


@task(
    optional=["yes"],
    help={
        "on": ON,
        "into": "name of a database of its own; default: in the place of the live one",
        "fresh": "dump the project again, also where a dump is there whole",
        "from-dir": FROM_DIR,
        "yes": NAMED,
        "wait": WAIT,
        "json": JSON,
    },
)
def copy(c, into="", on="local", fresh=False, from_dir="", yes=False, wait="0", json=False):
    """Copy the project's schema, data and logins, of one moment, and compare every row."""
    options = {"into": into, "fresh": fresh, "from_dir": from_dir}
    perform("supabase.copy", on, **options, yes=yes, wait=number("wait", wait), json=json)


@task(help={"on": ON, "tree": "directory of a self-hosted storage that has the objects", "wait": WAIT, "json": JSON})
def objects(c, on="local", tree="", wait="0", json=False):
    """Move the objects of the copied index into this stack's store, each proven by its hash."""
    perform("supabase.objects", on, tree=tree, wait=number("wait", wait), json=json)


@task(
    optional=["yes"],
    help={
        "on": ON,
        "into": "the database that is the copy; default: the live one",
        "overwrite": "also tables whose rows were changed here since the copy: they become the project's",
        "dry-run": "count what would be brought, and change nothing",
        "yes": NAMED,
        "wait": WAIT,
        "json": JSON,
    },
)
def delta(c, into="", on="local", overwrite=False, dry_run=False, yes=False, wait="0", json=False):
    """Bring what changed in the project since its copy, in one transaction, and compare every table."""
    options = {"into": into, "overwrite": overwrite, "dry_run": dry_run}
    perform("supabase.delta", on, **options, yes=yes, wait=number("wait", wait), json=json)


@task(help={"on": ON, "check": "whether the role of DATABASE_URL is one of that kind", "json": JSON})
def role(c, on="local", check=False, json=False):
    """Print the SQL for a role of least rights on the project's database, or check the one that is there."""
    perform("supabase.role", on, check=check, json=json)


@task(
    help={
        "on": ON,
        "database": "name of the copy; default: the live database",
        "tree": "directory of a self-hosted storage that has the objects",
        "from-dir": FROM_DIR,
        "login": "file with an address and its password, a line each: logs in here, and compares the token's claims",
        "token": "file with an access token of the project's: for the claims of --login, and {{token}} of --collection",
        "collection": "Postman collection (v2.1) of GET and HEAD: run at both APIs, SUPABASE_URL's and the app's",
        "write": "write docs/supabase-proof.html and .json, every difference by its name",
        "json": JSON,
    }
)
def prove(c, database="", on="local", tree="", from_dir="", login="", token="", collection="", write=False, json=False):
    """Compare the project with its copy: definitions, rows, rights, objects; exit 0 only when nothing is missing."""
    options = {"database": database, "tree": tree, "from_dir": from_dir}
    options |= {"login": login, "token": token, "collection": collection}
    perform("supabase.prove", on, **options, write=write, json=json)


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
    """Write the project's recorded migrations, or its schema by kinds, prove that they give the copy's schema, and record them in it."""
    perform("supabase.migrations", on, to=to, tables=tables, database=database, wait=number("wait", wait), json=json)


@task(
    help={
        "on": ON,
        "write": "put the values into the environment's .env file, where a key is not there yet",
        "json": JSON,
    }
)
def secrets(c, on="local", write=False, json=False):
    """List the secrets of the project's vault by name, or put their values into .env as settings of the app."""
    perform("supabase.secrets", on, write=write, json=json)


namespace = Collection("supabase", inventory, copy, objects, delta, role, prove, secrets, prelude, migrations)
