"""`invoke dokploy.…`: stacks that Dokploy runs."""

from invoke import Collection, task

from slipway.tasks.shared import JSON, perform

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


namespace = Collection("dokploy", lint)
