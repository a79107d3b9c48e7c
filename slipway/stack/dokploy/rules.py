"""The rules of `dokploy.lint`: what each finds, how much it weighs, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slipway.stack.dokploy.yaml_nodes import Place

ERROR, WARNING, ADVICE = "error", "warning", "advice"


@dataclass(frozen=True)
class Rule:
    """What a rule finds, its level (error: Dokploy breaks or refuses it), and the mend, as docs/dokploy.md lists them."""

    level: str
    finds: str
    mend: str


@dataclass(frozen=True)
class Found:
    """A rule that does not hold at a place, and what is there."""

    place: Place
    rule: str
    message: str


Findings = Iterator[Found]

FILE = {
    "yaml-refused": Rule(
        ERROR, "a file that Dokploy cannot read", "one document, a mapping with services, and no key twice"
    ),
    "yaml-value": Rule(
        ERROR,
        "a value that is another one after Dokploy has written the file again",
        "write what is meant so that nothing can be read into it: in environment as a list, - 'KEY=value'; modes as 0o440",
    ),
    "yaml-date": Rule(
        ERROR,
        "a text that is a date once its quotes are gone, at which the deploy fails",
        "environment and labels as a list: - 'KEY=2024-01-01'",
    ),
    "yaml-key": Rule(
        ERROR, "a key that is no text once its quotes are gone, which Compose refuses", "a list: - 'KEY=value'"
    ),
    "yaml-tag": Rule(
        ERROR,
        "a tag, such as !reset or !override, which Dokploy drops",
        "write out what Compose is to see, without tags",
    ),
    "map-environment": Rule(
        ADVICE,
        "an environment whose values are numbers or switches and go through YAML again",
        "the form that stays as it is: - 'KEY=value'",
    ),
    "comments": Rule(ADVICE, "comments, which Dokploy drops on the server", "keep the source of the file elsewhere"),
    "project": Rule(ADVICE, "a name of the project, in whose place Dokploy puts its own", "leave out name:"),
}
SERVICES = {
    "container-name": Rule(
        ERROR,
        "container_name, on which a second deployment fails, and which Dokploy's templates refuse",
        "leave it out; other services reach this one by its service name",
    ),
    "database-port": Rule(
        ERROR,
        "a published port of a database, which is open to everybody past Traefik and most firewalls",
        "leave it out, or bind it to 127.0.0.1 and go there through SSH",
    ),
    "published-port": Rule(
        WARNING,
        "a published port, which goes past Traefik and collides with that of a second deployment",
        "expose: [PORT], and a domain in Dokploy for what is to be reached from outside",
    ),
    "networks": Rule(
        WARNING,
        "networks of your own: Dokploy's templates refuse them, and with isolated deployments they are left aside",
        "leave them out: the services of a file reach each other as it is",
    ),
    "network-mode": Rule(
        WARNING, "network_mode, which a service with a domain cannot have", "leave it out where Traefik is to reach it"
    ),
    "common-name": Rule(
        WARNING,
        "a service name that other stacks have: with a domain it is an alias on dokploy-network, shared by all of them",
        "a name that is yours, such as shop-app, or isolatedDeployment",
    ),
    "common-host": Rule(
        WARNING,
        "an address of a service by a name that other stacks have: on dokploy-network theirs may answer",
        "give that service a name that is yours, here too, or use isolatedDeployment",
    ),
    "service-name": Rule(
        WARNING, "a service name that is no host name, and that Dokploy's templates refuse", "a-z, 0-9 and - alone"
    ),
    "relative-bind": Rule(
        ERROR,
        "a path in the folder of the code, which Dokploy empties on every deploy",
        "../files/NAME, with a file mount in Dokploy, or a named volume for data",
    ),
    "absolute-bind": Rule(
        WARNING,
        "a path of the host, which is in no backup of Dokploy and on no other server",
        "a named volume, or ../files/NAME",
    ),
    "restart": Rule(
        WARNING,
        "no restart policy: after a reboot the service stays down",
        'restart: unless-stopped; for what runs once, restart: "no"',
    ),
    "healthcheck": Rule(
        WARNING,
        "no health check: nothing tells whether the service works, and Dokploy calls every deploy done",
        "healthcheck: with a test that asks the service itself",
    ),
    "one-shot": Rule(
        WARNING,
        "a service that waits for another to end well: it is stopped first, and stays down if that fails",
        "profiles: [ops] for the other, and in Dokploy's command: compose … run --rm OTHER && docker compose … up -d",
    ),
    "unpinned-image": Rule(
        WARNING,
        "an image without a version: Dokploy never pulls it again, and a new server gets another",
        "a tag that names a version, or a digest; or pull_policy: always",
    ),
    "env-file": Rule(
        WARNING,
        "env_file with Dokploy's .env: every value of it goes into the container, and DOCKER_CONFIG",
        "environment: with those that the service needs, - 'KEY=${KEY}'",
    ),
    "deploy-labels": Rule(
        WARNING, "labels under deploy, which Compose puts on no container", "labels: of the service itself"
    ),
    "stack-labels": Rule(WARNING, "labels that Traefik does not see in a stack", "put them under deploy.labels"),
    "stack-build": Rule(ERROR, "build, which a stack ignores", "an image that a registry holds"),
    "stack-depends-on": Rule(
        WARNING, "depends_on with conditions, which a stack ignores", "a service that waits for what it needs by itself"
    ),
}
ENV = {
    "env-lost": Rule(ERROR, "a line that Dokploy drops without a word", "KEY='value'"),
    "env-truncated": Rule(ERROR, "a value that Dokploy cuts at a #", "single quotes around the value"),
    "env-changed": Rule(
        ERROR,
        "a value that is another one to Dokploy, as with a backslash in double quotes",
        "single quotes, no escapes",
    ),
    "env-reference": Rule(
        WARNING,
        "a reference to another variable, which versions of Dokploy fill in or leave as it is",
        "${{NAME}}, which Dokploy fills in, or the value itself",
    ),
    "env-unknown-reference": Rule(
        ERROR, "a reference to a variable that is not there, at which the deploy fails", "set it, or mend its name"
    ),
    "env-twice": Rule(WARNING, "a key that is there twice, of which the last counts", "keep one"),
    "project-name": Rule(
        ERROR,
        "COMPOSE_PROJECT_NAME, which Dokploy sets: what it stops and watches is then not what runs",
        "leave it out",
    ),
}
COMMAND = {
    "command-character": Rule(
        ERROR, "a character that Dokploy refuses in a command", "a script of an image, which a service runs"
    ),
    "command-part": Rule(
        ERROR,
        "a part after && that does not start with docker compose, which Dokploy refuses",
        "docker compose -p APP -f docker-compose.yml run --rm SERVICE",
    ),
    "command-version": Rule(ERROR, "&& in a version of Dokploy that refuses it", "Dokploy 0.30.0 or newer"),
    "command-start": Rule(
        ERROR, "a command that starts with docker, which Dokploy puts before it", "start it with compose, or stack"
    ),
}
RULES = FILE | SERVICES | ENV | COMMAND
