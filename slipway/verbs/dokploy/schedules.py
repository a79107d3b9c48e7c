"""`dokploy.schedules`: backups, drills and checks by Dokploy's own clock, seen on its page with their logs."""

from __future__ import annotations

from slipway.engine.jobs import Clockwork, Job
from slipway.environment import Environment, enter
from slipway.errors import SettingsError


def run(on: str, reporter, backup: str = "", drill: str = "", check: str = "", remove: bool = False) -> None:
    """Installs the schedules, or changes them to these times; `remove` takes all of them away."""
    env = enter(on)
    engine = clockwork(env)
    reporter.header(env.header)
    own = env.settings.backup_schedule
    if own and not remove:
        reporter.line(f"  backup is done at {own} (UTC) by the stack itself: BACKUP_SCHEDULE")
    times = {"backup": "" if own else backup, "backups.drill": drill, "backups.check": check}
    jobs = [] if remove else [Job(name, cron(name, text)) for name, text in times.items() if text]
    said = engine.install(jobs)
    for each in said:
        reporter.line(f"  {each}")
    reporter.done(
        f"{len(jobs)} schedules in Dokploy." if said else "Nothing to do: the schedules are as asked.",
        schedules={job.name: job.cron for job in jobs},
    )


def cron(name: str, text: str) -> str:
    """Five fields of cron. Raises SettingsError."""
    from slipway.config import types

    try:
        return types.cron(text)
    except ValueError as error:
        raise SettingsError(f"time of {name}", text, str(error), "such as '17 3 * * *'") from None


def clockwork(env: Environment) -> Clockwork:
    """The engine as one that has a clock. Raises SettingsError for any other."""
    if isinstance(env.engine, Clockwork):
        return env.engine
    raise SettingsError(
        "dokploy",
        f"the {env.engine.name} engine",
        "ENGINE=dokploy, because the clock is Dokploy's",
        f"BACKUP_SCHEDULE takes backups on every engine; or ENGINE=dokploy in {env.on}'s settings",
    )
