"""`invoke dokploy.…`: stacks that Dokploy runs."""

from invoke import Collection, task

from slipway.tasks.shared import JSON, ON, perform

NEWEST = "0.30.2"  # the one whose source the rules were read in


@task(
    positional=["file"],
    auto_shortflags=False,
    help={
        "file": "a compose file; default: the rendered one of --on",
        "env": "its environment as Dokploy is given it; default: .env beside FILE, if it is there",
        "type": "docker-compose or stack",
        "command": "a command of your own, as Dokploy is given it: without docker at its start",
        "version": "of Dokploy",
        "on": "without FILE: environment whose file in compose/ is meant",
        "json": JSON,
    },
)
def lint(c, file, env="", type="docker-compose", command="", version=NEWEST, on="production", json=False):
    """Tell what Dokploy would change, refuse or break of any compose file and its .env."""
    perform("dokploy.lint", on, file=file, env=env, kind=type, command=command, version=version, json=json)


@task(
    auto_shortflags=False,
    help={
        "backup": "when a backup is taken, proven, copied and pruned: five fields as cron has them, in UTC; empty: not by it",
        "drill": "when the newest backup is restored on trial",
        "check": "when it is checked that there is a proven backup of the last day",
        "remove": "take the schedules away",
        "on": ON,
        "json": JSON,
    },
)
def schedules(c, backup="17 3 * * *", drill="", check="47 6 * * *", remove=False, on="production", json=False):
    """Have backups, drills and checks done by Dokploy's clock, seen on its page with their logs."""
    perform("dokploy.schedules", on, backup=backup, drill=drill, check=check, remove=remove, json=json)


@task(
    positional=["task"],
    auto_shortflags=False,
    help={"task": "backup, backups.drill, backups.check, backups.push or backups.prune", "on": ON, "json": JSON},
)
def run(c, task, on="production", json=False):
    """Do one of the jobs now, in the stack's ops container, and end with its exit code."""
    perform("dokploy.run", on, task=task, json=json)


@task(
    help={
        "into": "directory that gets the folder of the blueprint, named like the project; default: .slipway/blueprints",
        "base64": "print the text that Dokploy's import takes, secrets and all, and write nothing",
        "on": "environment whose stack is meant",
        "json": JSON,
    }
)
def blueprint(c, into="", base64=False, on="production", json=False):
    """Write the stack as a template of Dokploy, with new secrets: for a registry or an import of your own."""
    perform("dokploy.blueprint", on, into=into, base64=base64, json=json)


@task(
    positional=["url"],
    auto_shortflags=False,
    help={
        "url": "address of the repository, as Dokploy clones it",
        "branch": "its branch",
        "on": ON,
        "json": JSON,
    },
)
def git(c, url, branch="main", on="production", json=False):
    """Have Dokploy deploy a branch by itself, with migrations before the switch and no request lost."""
    perform("dokploy.git", on, url=url, branch=branch, json=json)


namespace = Collection("dokploy", lint, schedules, run, blueprint, git)
