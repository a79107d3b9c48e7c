"""Commands in a service's running container: kept as schedules, run at their hour or at once, each run with a log."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.engine.dokploy.api import answers, readback
from slipway.engine.dokploy.api.answers import Deployment, Schedule, Service
from slipway.engine.dokploy.api.base import Base
from slipway.engine.dokploy.api.clock import REAL, Clock
from slipway.engine.dokploy.api.failures import DokployError, Unanswered, Unreachable
from slipway.engine.dokploy.api.places import only

RUN = "schedule.runManually"
UNHEARD_S = 30.0  # after which a run without a record is none


@dataclass(frozen=True)
class Wanted:
    """A schedule as it shall be. The command goes to `bash -c` or `sh -c` in the first running container of `service`.

    One that is not enabled runs only when told to.
    """

    name: str
    service: str
    command: str
    cron: str = "0 0 1 1 *"
    enabled: bool = False
    shell: str = "bash"
    timezone: str = "UTC"

    def fields(self) -> dict[str, object]:
        return {
            "name": self.name,
            "cronExpression": self.cron,
            "command": self.command,
            "serviceName": self.service,
            "shellType": self.shell,
            "enabled": self.enabled,
            "timezone": self.timezone,
        }


class Schedules(Base):
    """The part of the client that runs commands."""

    def schedule_rows(self, service: Service) -> list[dict]:
        return self.rows_of("schedule.list", id=service.id, scheduleType="compose")

    def schedules(self, service: Service) -> tuple[Schedule, ...]:
        return tuple(answers.schedule(row, "schedule.list") for row in self.schedule_rows(service))

    def ensure_schedule(self, service: Service, wanted: Wanted) -> Schedule:
        """The schedule of that name, made or changed as needed and read back. Raises Stripped, Ambiguous."""
        found, row, fields = *self.schedule_and_row(service, wanted.name), wanted.fields()
        if not found:
            self.transport.post("schedule.create", scheduleType="compose", composeId=service.id, **fields)
        elif any(readback.lost(fields, row)):
            self.transport.post("schedule.update", scheduleId=found.id, **fields)
        else:
            return found
        kept, row = self.schedule_and_row(service, wanted.name)
        readback.check("schedule", fields, row, self.version)
        return kept or answers.schedule(row, "schedule.list")

    def schedule_and_row(self, service: Service, name: str) -> tuple[Schedule | None, dict]:
        rows = self.schedule_rows(service)
        found = only("schedule", name, (answers.schedule(row, "schedule.list") for row in rows))
        return found, next((row for row in rows if found and row["scheduleId"] == found.id), {})

    def remove_schedule(self, schedule: Schedule) -> None:
        self.transport.post("schedule.delete", scheduleId=schedule.id)

    def runs(self, schedule: Schedule) -> tuple[Deployment, ...]:
        """The records of its runs, newest first."""
        listed = self.rows_of("deployment.allByType", id=schedule.id, type="schedule")
        return tuple(answers.deployment(row, "deployment.allByType") for row in listed)

    def run(self, schedule: Schedule, within: float = 3600.0, clock: Clock = REAL) -> Deployment:
        """Runs it now and returns the record of its end, done or error; the exit code is not told by the server.

        A proxy that gives up before the command ends cuts the answer off, not the command: its record is looked for
        then, for as many seconds as `within`. Raises DokployError where there is no run, or no end of it.
        """
        before = {each.id for each in self.runs(schedule)}
        began, error = clock.now(), None
        try:
            self.transport.post(RUN, within=within, scheduleId=schedule.id)
        except Unanswered as lost:
            error = lost
        # By the records, not by the answer: until 0.29.14 it had none.
        return self.look_for(schedule, before, error, began + within, clock)

    def look_for(
        self, schedule: Schedule, before: set[str], error: DokployError | None, end: float, clock: Clock
    ) -> Deployment:
        """The first new record once it has ended. A record is made as soon as the server hears of a run."""
        heard = clock.now() + (UNHEARD_S if error else 0.0)
        while True:
            fresh: list[Deployment] = []
            try:
                fresh = [each for each in self.runs(schedule) if each.id not in before]
            except (Unreachable, Unanswered) as away:
                error = away
            if fresh and fresh[-1].status != "running":
                return fresh[-1]
            if clock.now() >= (end if fresh else heard):
                raise error or no_run(schedule, bool(fresh))
            clock.sleep(1.0)


def no_run(schedule: Schedule, begun: bool) -> DokployError:
    return DokployError(
        f"Dokploy: {RUN} of {schedule.name}",
        "no end of the run within its time" if begun else "it answered, and no run was recorded",
        "a run with a record",
        "look at the schedule's logs in Dokploy's page",
    )
