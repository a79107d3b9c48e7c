"""What people type. Each task is its help, and one call of a verb in slipway/verbs/."""

from invoke import Collection, task

ON = "environment to act on: NAME reads .env.NAME, local reads .env"
JSON = "events as JSON lines"
WAIT = "seconds to wait for the lock, if somebody else works on the stack"


def perform(verb, on, **options):
    """Imported when a task runs, so that `invoke --list` stays quick."""
    from slipway.perform import perform

    perform(verb, on, **options)


@task(help={"on": ON})
def init(c, on="local"):
    """Write the settings file with strong random secrets; never overwrites."""
    perform("init", on)


@task(help={"on": ON, "check": "fail with a diff when compose/ is stale, and write nothing"})
def render(c, on="local", check=False):
    """Render templates/ into compose/."""
    perform("render", on, check=check)


@task(help={"on": ON, "dry_run": "print the plan and stop", "wait": WAIT, "json": JSON})
def up(c, on="local", dry_run=False, wait="0", json=False):
    """Bring the whole stack up, in deploy order, and prove it."""
    perform("up", on, dry_run=dry_run, wait=number("wait", wait), json=json)


@task(help={"on": ON, "dry_run": "print the plan and stop", "wait": WAIT, "json": JSON})
def deploy(c, on="local", dry_run=False, wait="0", json=False):
    """Put a new release on a running stack, beside the old one, with no request lost."""
    perform("deploy", on, dry_run=dry_run, wait=number("wait", wait), json=json)


@task(
    help={
        "on": ON,
        "to": "name of a release, as history shows it; default: the last good one before this",
        "list": "list what can be gone back to",
        "wait": WAIT,
        "json": JSON,
    }
)
def rollback(c, to=None, list=False, on="local", wait="0", json=False):
    """Go back to a release, by the same switch; refuses where the schema has moved on."""
    perform("rollback", on, release=to, listing=list, wait=number("wait", wait), json=json)


@task(help={"on": ON, "json": JSON})
def history(c, on="local", json=False):
    """List the releases: which, when, who, how it went."""
    perform("history", on, json=json)


@task(help={"on": ON, "yes": "do not ask"})
def unlock(c, on="local", yes=False):
    """Explain who holds the lock of the stack, and break it when told to."""
    perform("unlock", on, yes=yes)


@task(help={"on": ON, "json": JSON})
def plan(c, on="local", json=False):
    """Print what `up` would do, and why."""
    perform("up", on, dry_run=True, json=json)


@task(help={"on": ON, "volumes": "delete the data too", "yes": "do not ask before deleting"})
def down(c, on="local", volumes=False, yes=False):
    """Stop the stack; its data stays unless --volumes."""
    perform("down", on, volumes=volumes, yes=yes)


@task(default=True, help={"on": ON, "json": JSON})
def status(c, on="local", json=False):
    """Show what runs, what answers, and what is pending."""
    perform("status", on, json=json)


@task(
    help={
        "on": ON,
        "service": "one service; all of them if left out",
        "lines": "how many lines from the end",
        "follow": "go on until Ctrl-C",
    }
)
def logs(c, service=None, on="local", lines="100", follow=False):
    """Show the logs of a service, or of all."""
    perform("logs", on, service=service, lines=number("lines", lines), follow=follow)


@task(help={"on": ON})
def psql(c, on="local"):
    """Open psql on the database, as the owner of its schema; needs no published port."""
    perform("psql", on)


@task(help={"on": ON, "service": "the service to stand beside"})
def shell(c, service="ops", on="local"):
    """Open a shell beside a service, with its environment."""
    perform("shell", on, service=service)


@task(help={"on": ON})
def doctor(c, on="local"):
    """Check this machine and the stack; each finding comes with the command that mends it."""
    perform("doctor", on)


@task(
    help={
        "on": ON,
        "json": JSON,
        "collection": "a Postman collection (v2.1); default: the one that a deploy runs",
        "variables": "a Postman environment file",
        "folder": "run this folder only",
    }
)
def smoke(c, on="local", collection=None, variables=None, folder="", json=False):
    """Run the smoke test, a Postman collection, through the front door."""
    perform("smoke", on, json=json, collection=collection, variables=variables, folder=folder)


@task(help={"on": ON, "state": "on or off", "message": "what the page says", "json": JSON})
def maintenance(c, state, on="local", message="", json=False):
    """Let the gateway answer 503 with a page, or let the app answer again."""
    perform("maintenance", on, json=json, state=state, message=message)


@task(help={"only": "one file or directory of tests"})
def test(c, only=None):
    """Run the tests: unit, embedded, and the scenarios where a Docker engine answers."""
    perform("test", "local", only=only)


@task
def lint(c):
    """Check the style of the code."""
    perform("lint", "local")


@task(help={"only": "one of startup, embedded, memory, migrations, docker, deploy"})
def bench(c, only=None):
    """Measure speed and memory against named peers."""
    perform("bench", "local", only=only)


@task(name="build", help={"on": ON, "again": "build all of them anew"})
def images_build(c, on="local", again=False):
    """Build the images of the stack; what exists is kept."""
    perform("images_build", on, again=again)


@task(
    name="migrate",
    help={"on": ON, "to": "stop at this number", "dry_run": "try them out and take all of it back", "json": JSON},
)
def db_migrate(c, to=None, on="local", dry_run=False, json=False):
    """Apply pending migrations."""
    perform("db.migrate", on, to=number("to", to), dry_run=dry_run, json=json)


@task(name="rollback", help={"on": ON, "steps": "how many", "yes": "needed outside local"})
def db_rollback(c, steps="1", on="local", yes=False):
    """Undo the newest migration, or the newest STEPS."""
    perform("db.rollback", on, steps=number("steps", steps), yes=yes)


@task(name="goto", help={"on": ON, "version": "number of the migration", "yes": "needed outside local"})
def db_goto(c, version, on="local", yes=False):
    """Migrate up or down to one number."""
    perform("db.goto", on, version=number("version", version), yes=yes)


@task(name="redo", help={"on": ON, "steps": "how many", "yes": "needed outside local"})
def db_redo(c, steps="1", on="local", yes=False):
    """Undo the newest migration and apply it again."""
    perform("db.redo", on, steps=number("steps", steps), yes=yes)


@task(
    name="status",
    default=True,
    auto_shortflags=False,
    help={"on": ON, "exit_code": "exit 5 when something is pending or wrong", "json": JSON},
)
def db_status(c, on="local", exit_code=False, json=False):
    """List the migrations: applied, pending, edited, missing."""
    perform("db.status", on, strict=exit_code, json=json)


@task(name="adopt", help={"on": ON, "version": "number that the database is at; default: what golang-migrate recorded"})
def db_adopt(c, version=None, on="local"):
    """Take over a database that another tool has migrated."""
    perform("db.adopt", on, version=number("version", version))


@task(name="new", help={"name": "what the migration does"})
def db_new(c, name):
    """Write a new pair of migration files."""
    perform("db.new", "local", name=name)


@task(name="lint", help={"on": ON, "all": "every migration, not only the pending ones", "json": JSON})
def db_lint(c, on="local", all=False, json=False):
    """Lint the pending migrations: locks, rewrites, breakage."""
    perform("db.lint", on, everything=all, json=json)


@task(name="rehearse", help={"on": ON, "json": JSON})
def db_rehearse(c, on="local", json=False):
    """Run the pending migrations, up and down, on a copy of the data."""
    perform("db.rehearse", on, json=json)


@task(name="schema", help={"on": ON, "check": "fail with a diff when schema.sql is stale"})
def db_schema(c, on="local", check=False):
    """Write schema.sql from the migrated database."""
    perform("db.schema", on, check=check)


@task(name="drift", help={"on": ON, "json": JSON})
def db_drift(c, on="local", json=False):
    """Compare the live schema with what the migrations give."""
    perform("db.drift", on, json=json)


@task(name="fixtures", help={"on": ON, "only": "one file", "yes": "needed outside local"})
def db_fixtures(c, only=None, on="local", yes=False):
    """Load the fixtures that the database has not had."""
    perform("db.fixtures", on, only=only, yes=yes)


def number(flag, text):
    """A whole number, or Invoke's own kind of refusal: its type hints end in a traceback."""
    from invoke import Exit

    if text is None or str(text).isdigit():
        return None if text is None else int(text)
    raise Exit(f"error: --{flag}\n  found     {text}\n  expected  a whole number, such as 3", code=2)


namespace = Collection(
    init,
    render,
    up,
    deploy,
    rollback,
    history,
    unlock,
    plan,
    down,
    status,
    logs,
    psql,
    shell,
    doctor,
    smoke,
    maintenance,
    test,
    lint,
    bench,
)
namespace.add_collection(Collection("images", images_build))
namespace.add_collection(
    Collection(
        "db",
        db_migrate,
        db_rollback,
        db_goto,
        db_redo,
        db_status,
        db_adopt,
        db_new,
        db_lint,
        db_rehearse,
        db_schema,
        db_drift,
        db_fixtures,
    )
)
