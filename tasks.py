"""What people type. Each task is its help, and one call of a verb in slipway/verbs/."""

from invoke import Collection, task

from slipway.tasks import backups, db, dokploy, optional, pitr, supabase
from slipway.tasks.shared import JSON, NAMED, ON, WAIT, YES, number, perform

optional.allow("backup", "file")


@task(help={"on": ON})
def init(c, on="local"):
    """Write the settings file with strong random secrets; never overwrites."""
    perform("init", on)


@task(help={"on": ON, "check": "fail with a diff when compose/ is stale, and write nothing"})
def render(c, on="local", check=False):
    """Render templates/ into compose/."""
    perform("render", on, check=check)


@task(help={"on": ON, "dry_run": "print the plan and stop", "yes": YES, "wait": WAIT, "json": JSON})
def up(c, on="local", dry_run=False, yes=False, wait="0", json=False):
    """Bring the whole stack up, in deploy order, and prove it."""
    perform("up", on, dry_run=dry_run, yes=yes, wait=number("wait", wait), json=json)


@task(help={"on": ON, "dry_run": "print the plan and stop", "yes": YES, "wait": WAIT, "json": JSON})
def deploy(c, on="local", dry_run=False, yes=False, wait="0", json=False):
    """Put a new release on a running stack, beside the old one, with no request lost."""
    perform("deploy", on, dry_run=dry_run, yes=yes, wait=number("wait", wait), json=json)


@task(
    help={
        "on": ON,
        "to": "name of a release, as history shows it; default: the last good one before this",
        "list": "list what can be gone back to",
        "yes": YES,
        "wait": WAIT,
        "json": JSON,
    }
)
def rollback(c, to=None, list=False, on="local", yes=False, wait="0", json=False):
    """Go back to a release, by the same switch; refuses where the schema has moved on."""
    perform("rollback", on, release=to, listing=list, yes=yes, wait=number("wait", wait), json=json)


@task(
    help={
        "on": ON,
        "release": "all that is kept of one release: image, schema, backup, seconds of each step",
        "json": JSON,
    }
)
def history(c, release=None, on="local", json=False):
    """List the releases: which, when, who, how it went."""
    perform("history", on, release=release, json=json)


@task(help={"on": ON, "yes": "do not ask"})
def unlock(c, on="local", yes=False):
    """Explain who holds the lock of the stack, and break it when told to."""
    perform("unlock", on, yes=yes)


@task(help={"on": ON, "json": JSON})
def plan(c, on="local", json=False):
    """Print what a deploy would do: steps and causes, differences, locks of migrations, what restarts."""
    perform("plan", on, json=json)


@task(optional=["yes"], help={"on": ON, "volumes": "delete the data too", "yes": NAMED})
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


@task(
    help={
        "on": ON,
        "label": "a few words that backups.list shows",
        "only": "db, objects or redis",
        "contents": "a hash of every table's content as well",
        "passwords": "keep the hashes of the roles' passwords too",
        "quiet": "say nothing but its id",
        "wait": WAIT,
        "json": JSON,
    }
)
def backup(c, label="", only=None, contents=False, passwords=False, quiet=False, on="local", wait="0", json=False):
    """Take a backup: database, roles, objects, all of one moment."""
    perform(
        "backup",
        on,
        json=json,
        quiet=quiet,
        wait=number("wait", wait),
        label=label,
        only=only,
        contents=contents,
        passwords=passwords,
    )


@task(help={"on": ON, "sql": "as SQL, its only form", "to": "file to write; default: STACK.sql", "json": JSON})
def dump(c, sql=False, to=None, on="local", json=False):
    """Write the live database as one SQL file, for an editor or psql."""
    perform("dump", on, json=json, to=to)


@task(
    positional=["backup"],
    optional=["yes"],
    help={
        "on": ON,
        "backup": "its id, as backups.list shows it, or latest",
        "at": "instead of a backup, a moment with its time zone, such as '2026-11-22 10:15:00+00' (PITR)",
        "yes": NAMED,
        "into": "make a database of this name instead, and leave the live one alone",
        "tables": "only the rows of these, comma separated; with --into",
        "schema_only": "no rows; with --into",
        "drop_old": "drop the database of before; without a backup, those that earlier restores have kept",
        "only": "db, objects or redis",
        "mask": "a file with SQL that is run before anybody sees the restored database",
        "from_dir": "a backup's directory on this machine, such as backups.get writes",
        "wait": WAIT,
        "json": JSON,
    },
)
def restore(
    c,
    backup=None,
    at=None,
    on="local",
    yes=False,
    into=None,
    tables=None,
    schema_only=False,
    drop_old=False,
    only=None,
    mask=None,
    from_dir=None,
    wait="0",
    json=False,
):
    """Put a backup, or the database of a moment, in the place of what is live; proven first, and the one of before is kept."""
    perform(
        "restore",
        on,
        json=json,
        yes=yes,
        wait=number("wait", wait),
        backup=backup,
        at=at,
        into=into,
        tables=tables,
        schema_only=schema_only,
        drop_old=drop_old,
        only=only,
        mask=mask,
        folder=from_dir,
    )


@task(help={"only": "one file or directory of tests"})
def test(c, only=None):
    """Run the tests: unit, embedded, and the scenarios where a Docker engine answers."""
    perform("test", "local", only=only)


@task
def lint(c):
    """Check the style of the code."""
    perform("lint", "local")


@task(
    help={
        "only": "one of startup, embedded, memory, backend, migrations, mirror, docker, deploy, backup, restore, supabase"
    }
)
def bench(c, only=None):
    """Measure speed and memory against named peers."""
    perform("bench", "local", only=only)


@task(name="build", help={"on": ON, "again": "build all of them anew"})
def images_build(c, on="local", again=False):
    """Build the images of the stack; what exists is kept."""
    perform("images_build", on, again=again)


@task(name="update")
def images_update(c):
    """Look up which images the official tags stand for today, and pin these."""
    perform("images_update", "local")


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
    backup,
    dump,
    restore,
    test,
    lint,
    bench,
)
for each in (db, backups, pitr, dokploy, supabase):
    namespace.add_collection(each.namespace)
namespace.add_collection(Collection("images", images_build, images_update))
