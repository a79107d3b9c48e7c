"""What the end of a deployment on Dokploy means to who waits for it."""

from __future__ import annotations

from slipway.engine.dokploy.api import outcomes
from slipway.engine.dokploy.api.deployments import Deployments
from slipway.engine.dokploy.api.failures import DokployError
from slipway.errors import EngineError

AGAIN = "type the same command again: it looks first at what was done"
WORDS = {
    outcomes.Waiting: ("it waits in the queue still", "see in Dokploy's page what runs before it; " + AGAIN),
    outcomes.Running: ("it runs still", "see its log in Dokploy's page; " + AGAIN),
    outcomes.Cancelled: ("somebody cancelled it, or Dokploy was started anew", AGAIN),
    outcomes.Restarted: ("Dokploy was started anew meanwhile, and what ran may run still, unwatched", AGAIN),
    outcomes.Lost: ("it is neither queued nor recorded: the queue was emptied", AGAIN),
    outcomes.Pruned: ("its record is gone, as later deployments came: how it ended cannot be known", AGAIN),
    outcomes.Unknown: ("it ended in a status that is not known here", "see its log in Dokploy's page"),
}
NOISE = ("Error: ❌", "Docker Compose Deployed", "Initializing", "Source Type")
SHOWN = 20


def refuse(client: Deployments, end: outcomes.Pending | outcomes.Ended) -> None:
    """Raises EngineError for every end but that of a command that returned 0."""
    if isinstance(end, outcomes.Done):
        return
    if isinstance(end, outcomes.Failed):
        log = log_of(client, end)
        raise EngineError(
            "Dokploy: deployment",
            f"docker compose failed: {cause(log)}",
            "a command that returns 0",
            "mend what its log says, then type the same command again",
            log,
        )
    found, then = WORDS[type(end)]
    raise EngineError("Dokploy: deployment", found, "a deployment that ends while it is watched", then)


def log_of(client: Deployments, end: outcomes.Failed) -> tuple[str, ...]:
    try:
        lines = client.log(end.deployment, 200)
    except DokployError:
        return ()
    return tuple(line for line in lines if line.strip() and not line.startswith(NOISE))[-SHOWN:]


def cause(log: tuple[str, ...]) -> str:
    """The line that says most: the last one that names an error, or the last one."""
    named = [line for line in log if "error" in line.lower() or "failed" in line.lower()]
    return (named or list(log) or ["its log is empty"])[-1].strip()[:300]
