"""`invoke backups.…`: what is done with backups that are there."""

from invoke import Collection, task

from slipway.tasks.shared import JSON, ON, perform


@task(name="list", default=True, help={"on": ON, "json": JSON})
def list_(c, on="local", json=False):
    """List the backups: what each holds, whether it is proven."""
    perform("backups.list", on, json=json)


@task(
    positional=["backup"],
    help={"on": ON, "backup": "its id; default: the newest", "all": "hash every object, not a sample", "json": JSON},
)
def verify(c, backup=None, all=False, on="local", json=False):
    """Read a backup to its end: every file as it was written, and whole for pg_restore."""
    perform("backups.verify", on, json=json, backup=backup, everything=all)


@task(help={"on": ON, "dry_run": "only say what would go", "json": JSON})
def prune(c, dry_run=False, on="local", json=False):
    """Remove backups that no rule keeps; never the newest, never the last proven one."""
    perform("backups.prune", on, json=json, dry_run=dry_run)


@task(
    positional=["backup"],
    help={"on": ON, "backup": "its id; default: the newest", "to": "directory to put it into", "json": JSON},
)
def get(c, backup=None, to=".", on="local", json=False):
    """Copy a backup, objects included, to this machine."""
    perform("backups.get", on, json=json, backup=backup, to=to)


namespace = Collection("backups", list_, verify, prune, get)
