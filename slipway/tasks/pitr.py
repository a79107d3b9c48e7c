"""`invoke pitr.…`: any moment back."""

from invoke import Collection, task

from slipway.tasks.shared import JSON, NAMED, ON, WAIT, number, perform


@task(default=True, help={"on": ON, "json": JSON})
def status(c, on="local", json=False):
    """Show how far the archive is behind and which moments can be restored; exit 8 when something is wrong."""
    perform("pitr.status", on, json=json)


@task(help={"on": ON, "full": "all of it, not what changed since the last full one", "json": JSON})
def backup(c, on="local", full=False, json=False):
    """Take a physical backup now."""
    perform("pitr.backup", on, full=full, json=json)


@task(
    help={"on": ON, "at": "the moment, with its time zone; default: the newest", "wait": WAIT, "json": JSON},
)
def drill(c, at="latest", on="local", wait="0", json=False):
    """Restore a moment beside the live cluster, prove it, and take it away again: changes nothing."""
    perform("pitr.drill", on, at=at, wait=number("wait", wait), json=json)


@task(
    optional=["yes"],
    help={
        "on": ON,
        "at": "the moment, with its time zone: '2026-11-22 10:15:00+00'; or latest",
        "timeline": "number of a history that an earlier restore has left; default: the present one",
        "drop_old": "remove the clusters of before a restore",
        "yes": NAMED,
        "wait": WAIT,
        "json": JSON,
    },
)
def restore(c, at="", timeline=None, on="local", drop_old=False, yes=False, wait="0", json=False):
    """Bring the whole database back to a moment: made beside the live one, proven, then exchanged."""
    perform(
        "pitr.restore",
        on,
        at=at,
        timeline=number("timeline", timeline),
        drop_old=drop_old,
        yes=yes,
        wait=number("wait", wait),
        json=json,
    )


namespace = Collection("pitr", status, backup, drill, restore)
