"""Jobs as schedules of Dokploy: done by its clock in the ops container, each run with its log on Dokploy's page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.client import Dokploy
from slipway.engine.dokploy.api.schedules import Wanted
from slipway.engine.dokploy.inside import Run
from slipway.engine.jobs import Job
from slipway.errors import EngineError

OURS = "slipway job "
NEVER = "0 0 1 1 *"
CODE = re.compile(r"exit code (\d+)")


def command(name: str) -> str:
    return f"exec python3 -m slipway.ops.job {name}"


def install(client: Dokploy, service: Service, jobs: Sequence[Job]) -> Sequence[str]:
    """Has the schedules of these jobs as they shall be, and no other job's; returns what was changed, in words."""
    there = {each.name: each for each in client.schedules(service) if each.name.startswith(OURS)}
    said = []
    for job in jobs:
        name, cron = OURS + job.name, job.cron or NEVER
        wanted = Wanted(name, "ops", command(job.name), cron, bool(job.cron), shell="sh")  # noqa: S604
        before = there.pop(name, None)
        if client.ensure_schedule(service, wanted) != before:
            said.append(f"{job.name}: {f'at {job.cron} (UTC)' if job.cron else 'when it is asked for'}")
    for name, schedule in there.items():
        client.remove_schedule(schedule)
        said.append(f"{name.removeprefix(OURS)}: no more")
    return said


def run(client: Dokploy, service: Service, name: str, say: Callable[[str], None]) -> int:
    """Does a job now, as its schedule where it has one, so that its log stays on the page; returns its exit code."""
    schedule = next((each for each in client.schedules(service) if each.name == OURS + name), None)
    going = Run(client, service, name, command(name), schedule=schedule)
    code = None
    try:
        for line in going.lines(lambda: None):
            if found := CODE.fullmatch(line.strip()):
                code = int(found[1])
            else:
                say(line)
    finally:
        if not schedule:
            going.forget()
    if code is None:
        raise EngineError(
            f"dokploy.run {name}", "it ended without an exit code", "a job that runs to its end", "./invoke logs -s ops"
        )
    return code
