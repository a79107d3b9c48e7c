"""`invoke db.…`: migrations and fixtures."""

from invoke import Collection, task

from slipway.tasks.shared import JSON, NAMED, ON, WAIT, number, perform

PATIENT = f"{WAIT}; default: GATE_TIMEOUT"
NOTHING_APPLIED = -1  # as golang-migrate counts


@task(
    help={
        "on": ON,
        "to": "stop at this number",
        "dry_run": "try them out and take all of it back",
        "wait": PATIENT,
        "json": JSON,
    },
)
def migrate(c, to=None, on="local", dry_run=False, wait=None, json=False):
    """Apply pending migrations."""
    perform("db.migrate", on, to=number("to", to), dry_run=dry_run, wait=number("wait", wait), json=json)


@task(optional=["yes"], help={"on": ON, "steps": "how many", "yes": NAMED, "wait": PATIENT})
def rollback(c, steps="1", on="local", yes=False, wait=None):
    """Undo the newest migration, or the newest STEPS."""
    perform("db.rollback", on, steps=number("steps", steps), yes=yes, wait=number("wait", wait))


@task(optional=["yes"], help={"on": ON, "version": "number of the migration", "yes": NAMED, "wait": PATIENT})
def goto(c, version, on="local", yes=False, wait=None):
    """Migrate up or down to one number."""
    perform("db.goto", on, version=number("version", version), yes=yes, wait=number("wait", wait))


@task(optional=["yes"], help={"on": ON, "steps": "how many", "yes": NAMED, "wait": PATIENT})
def redo(c, steps="1", on="local", yes=False, wait=None):
    """Undo the newest migration and apply it again."""
    perform("db.redo", on, steps=number("steps", steps), yes=yes, wait=number("wait", wait))


@task(
    default=True,
    auto_shortflags=False,
    help={"on": ON, "exit_code": "exit 5 when something is pending or wrong", "json": JSON},
)
def status(c, on="local", exit_code=False, json=False):
    """List the migrations: applied, pending, edited, missing."""
    perform("db.status", on, strict=exit_code, json=json)


@task(
    help={
        "on": ON,
        "version": "number that the database is at; -1: none; default: what golang-migrate recorded",
        "wait": PATIENT,
    }
)
def adopt(c, version=None, on="local", wait=None):
    """Take over a database that another tool has migrated."""
    perform("db.adopt", on, version=number("version", version, NOTHING_APPLIED), wait=number("wait", wait))


@task(
    name="import",
    positional=["tool", "directory"],
    help={
        "on": ON,
        "tool": "goose, dbmate, flyway, sqlx, prisma or supabase",
        "directory": "its migrations",
        "table": "[SCHEMA.]NAME of its history, where that is not the tool's default",
        "files_only": "write the files, and ask no database",
        "dry_run": "say what would be written and recorded, and stop",
        "wait": PATIENT,
        "json": JSON,
    },
)
def import_(c, tool, directory, on="local", table="", files_only=False, dry_run=False, wait=None, json=False):
    """Convert another tool's migrations, and take over its history."""
    perform(
        "db.import_",
        on,
        tool=tool,
        directory=directory,
        table=table,
        files_only=files_only,
        dry_run=dry_run,
        wait=number("wait", wait),
        json=json,
    )


@task(help={"name": "what the migration does"})
def new(c, name):
    """Write a new pair of migration files."""
    perform("db.new", "local", name=name)


@task(help={"on": ON, "all": "every migration, not only the pending ones", "json": JSON})
def lint(c, on="local", all=False, json=False):
    """Lint the pending migrations: locks, rewrites, breakage."""
    perform("db.lint", on, everything=all, json=json)


@task(help={"on": ON, "source": "live, or backup: the newest proven one", "json": JSON})
def rehearse(c, on="local", source="live", json=False):
    """Run the pending migrations, up and down, on a copy of the data."""
    perform("db.rehearse", on, source=source, json=json)


@task(help={"on": ON, "check": "fail with a diff when schema.sql is stale"})
def schema(c, on="local", check=False):
    """Write schema.sql from the migrated database."""
    perform("db.schema", on, check=check)


@task(help={"on": ON, "json": JSON})
def drift(c, on="local", json=False):
    """Compare the live schema with what the migrations give."""
    perform("db.drift", on, json=json)


@task(help={"on": ON, "only": "one file", "yes": "needed outside local", "wait": PATIENT})
def fixtures(c, only=None, on="local", yes=False, wait=None):
    """Load the fixtures that the database has not had."""
    perform("db.fixtures", on, only=only, yes=yes, wait=number("wait", wait))


@task(help={"on": ON})
def roles(c, on="local"):
    """Make the role that an app of POSTGRES=external needs, and no more."""
    perform("db.roles", on)


namespace = Collection(
    "db",
    roles,
    migrate,
    rollback,
    goto,
    redo,
    status,
    adopt,
    import_,
    new,
    lint,
    rehearse,
    schema,
    drift,
    fixtures,
)
