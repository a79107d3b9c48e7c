"""The smoke test as a step: which collection, with which variables, through the front door."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from slipway.console import Note
from slipway.environment import Environment
from slipway.plan import Level, Progress, Step
from slipway.system import http, requirements

SHIPPED = Path("tests/smoke/postman_collection.json")
WITHOUT_DATA = "Probes"  # the folder of the shipped collection that writes nothing


def level(env: Environment) -> Level:
    """The last gate of a deploy; none for an app without a collection.

    One that could not be run is said now: after the switch, a sound release would be undone for it.
    """
    if not (path := default(env)):
        return ()
    from slipway.smoke import run as smoke

    folder = part(env, path)
    provide(env)
    smoke.read(path, folder, (*variables(env), *smoke.BASES))
    return (step(env, path, folder, {}),)


def provide(env: Environment) -> None:
    """The engine of the scripts, installed the first time that a smoke test is wanted."""
    if requirements.needs_install(env.root, "smoke"):
        requirements.install(env.root, "smoke", Note())


def step(env: Environment, path: Path, folder: str, given: dict) -> Step:
    """The run of a collection, or of one folder of it; `given` are variables that go before those of the settings."""
    cause = f"{path.name}{f', folder {folder}' if folder else ''}"
    return Step("smoke test", cause, partial(prove, env, path, folder, given))


def prove(env: Environment, path: Path, folder: str, given: dict, progress: Progress) -> str:
    if is_closed(env):
        return "left out: the front door is closed for maintenance"
    # Imported here: a deploy of an app without a collection does not pay for it.
    from slipway.smoke import run as smoke

    site = env.engine.site()
    found = smoke.run(path, base(env), variables(env) | given, say=progress.say, folder=folder, site=site)
    return f"{found['requests']} requests, {found['checks']} checks"


def default(env: Environment) -> Path | None:
    """The collection of the settings, or the shipped one for the shipped app."""
    settings = env.settings
    if settings.smoke_collection:
        return env.root / settings.smoke_collection
    shipped = env.root / SHIPPED
    return shipped if settings.app_context == "app" and not settings.app_image and shipped.exists() else None


def part(env: Environment, path: Path) -> str:
    """The shipped collection makes an account with tasks, and removes it: not where data is real."""
    return WITHOUT_DATA if path == env.root / SHIPPED and not env.settings.fixtures_wanted else ""


def variables(env: Environment) -> dict[str, str]:
    token = env.settings.smoke_token.get_secret_value()
    return {"token": token} if token else {}


def base(env: Environment) -> str:
    """The front door as this machine reaches it."""
    return env.engine.probe_url().removesuffix(env.settings.app_ready_path)


def is_closed(env: Environment) -> bool:
    """Whether the gateway answers with the page of `invoke maintenance on`."""
    from slipway.ops.maintenance import SIGN

    try:
        return SIGN.lower() in http.request(base(env), "HEAD", site=env.engine.site()).headers
    except http.NoAnswer:
        return False  # the smoke test says it better
