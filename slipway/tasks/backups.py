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


@task(help={"on": ON, "max_age": "26h, 90min, 2d", "json": JSON})
def check(c, max_age="26h", on="local", json=False):
    """Exit 8 when the newest proven backup is older, for monitoring and CI."""
    perform("backups.check", on, json=json, max_age=max_age)


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


@task(
    positional=["backup"],
    help={"on": ON, "backup": "its id; default: every backup that is not there yet", "json": JSON},
)
def push(c, backup=None, on="local", json=False):
    """Copy backups to the bucket of OFFSITE_S3_BUCKET, encrypted where that is set."""
    perform("backups.push", on, json=json, backup=backup)


@task(
    positional=["backup"],
    help={
        "on": ON,
        "backup": "its id; default: the newest",
        "identity": "the file with the private age key, for an encrypted copy",
        "stack": "read the copies of this stack instead, such as shop-production",
        "json": JSON,
    },
)
def fetch(c, backup=None, identity=None, stack="", on="local", json=False):
    """Bring a copy from elsewhere back, decrypted and verified, so that restore can use it."""
    perform("backups.fetch", on, json=json, backup=backup or "latest", identity=identity, stack=stack)


@task(positional=["backup"], help={"on": ON, "backup": "its id; default: the newest", "json": JSON})
def drill(c, backup=None, on="local", json=False):
    """Restore a backup on trial, into a server of its own, and keep the evidence."""
    perform("backups.drill", on, json=json, backup=backup)


namespace = Collection("backups", list_, verify, check, prune, get, push, fetch, drill)
