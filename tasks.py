"""What people type. Each task is its help, and one call of a verb in slipway/verbs/."""

from invoke import Collection, task

ON = "environment to act on: NAME reads .env.NAME, local reads .env"
JSON = "events as JSON lines"


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


@task(help={"on": ON, "dry_run": "print the plan and stop", "json": JSON})
def up(c, on="local", dry_run=False, json=False):
    """Bring the whole stack up, in deploy order, and prove it."""
    perform("up", on, dry_run=dry_run, json=json)


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


@task(help={"on": ON, "service": "one service; all of them if left out", "lines": "how many lines from the end",
            "follow": "go on until Ctrl-C"})
def logs(c, service=None, on="local", lines=100, follow=False):
    """Show the logs of a service, or of all."""
    perform("logs", on, service=service, lines=lines, follow=follow)


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


@task(help={"only": "one file or directory of tests"})
def test(c, only=None):
    """Run the tests: unit, embedded, and the scenarios where a Docker engine answers."""
    perform("test", "local", only=only)


@task
def lint(c):
    """Check the style of the code."""
    perform("lint", "local")


@task(help={"only": "one of startup, embedded, memory, docker"})
def bench(c, only=None):
    """Measure speed and memory against named peers."""
    perform("bench", "local", only=only)


@task(name="build", help={"on": ON, "again": "build all of them anew"})
def images_build(c, on="local", again=False):
    """Build the images of the stack; what exists is kept."""
    perform("images_build", on, again=again)


namespace = Collection(init, render, up, plan, down, status, logs, psql, shell, doctor, test, lint, bench)
namespace.add_collection(Collection("images", images_build))
