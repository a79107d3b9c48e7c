"""`dokploy.git`: Dokploy deploys a branch of a repository by itself, whenever it is told to, and loses no request."""

from __future__ import annotations

from slipway.engine.jobs import FromGit
from slipway.environment import enter
from slipway.errors import SettingsError


def run(on: str, reporter, url: str = "", branch: str = "main") -> None:
    """Arranges it: source, command, environment and domain of the service. Deploys nothing."""
    env = enter(on)
    if not isinstance(env.engine, FromGit):
        raise SettingsError(
            "dokploy.git", f"the {env.engine.name} engine", "ENGINE=dokploy", f"ENGINE=dokploy in {env.on}'s settings"
        )
    if not url or url.startswith("-"):
        raise SettingsError("URL", url or "none", "the address of the repository", "./invoke dokploy.git https://…")
    reporter.header(env.header)
    changed = env.engine.follow_branch(url, branch)
    words = "Arranged" if changed else "Nothing to do"
    reporter.done(
        f"{words}: Dokploy deploys {branch} of {url} when its page, its webhook or its API is told to.", changed=changed
    )
