"""`dokploy.run`: one job now, in the ops container, by Dokploy; its output and its exit code are those of the job."""

from __future__ import annotations

from slipway.engine.jobs import Clockwork
from slipway.environment import enter
from slipway.errors import SettingsError, VerificationError
from slipway.ops.job import NAMES


def run(on: str, reporter, task: str = "") -> None:
    """Runs a job and shows what it writes. Raises JobFailed, with the job's own exit code."""
    if task not in NAMES:
        raise SettingsError("TASK", task or "none", ", ".join(NAMES), "./invoke dokploy.run backup")
    env = enter(on)
    if not isinstance(env.engine, Clockwork):
        raise SettingsError(
            "dokploy.run", f"the {env.engine.name} engine", "ENGINE=dokploy", f"./invoke {task}{env.flag}"
        )
    reporter.header(env.header)
    if code := env.engine.run_job(task, lambda line: reporter.line(f"  {line}")):
        raise JobFailed(code, f"dokploy.run {task}", f"it ended with {code}", "0", "read what it wrote above")
    reporter.done(f"{task} is done.", task=task)


class JobFailed(VerificationError):
    """A job ended with a code of its own, which is the command's then."""

    def __init__(self, code: int, where: str, found: str, expected: str, next: str):
        super().__init__(where, found, expected, next)
        self.code = code
