"""`smoke`: a Postman collection through the front door, on its own or as the last gate of a deploy."""

from __future__ import annotations

import http.client
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from slipway.environment import World, enter
from slipway.errors import HealthError, SettingsError
from slipway.plan import Plan, Progress, Step, apply
from slipway.system.process import end_all

SHIPPED = Path("tests/smoke/postman_collection.json")
WITHOUT_DATA = "Probes"  # the folder of the shipped collection that needs no demo user


def run(on: str, reporter, collection: str | None = None, variables: str | None = None, folder: str = "") -> None:
    """Runs a collection; by default the one that a deploy runs. `variables` is a Postman environment file."""
    world = enter(on)
    path = Path(collection) if collection else default(world)
    if path is None:
        raise SettingsError(
            "SMOKE_COLLECTION",
            "not set, and the app is not the one in app/",
            "a Postman collection (v2.1)",
            "./invoke smoke --collection FILE, or set SMOKE_COLLECTION in .env",
        )
    if closed(base(world)):
        raise HealthError(
            "front door", "closed for maintenance", "an open one", f"./invoke maintenance off{world.flag}"
        )
    from slipway.smoke import collection as postman

    given = postman.environment(Path(variables)) if variables else {}
    reporter.header(world.header)
    apply(Plan(((made(world, path, folder or part(world, path), given),),)), reporter, end_all)
    reporter.done(f"{path.name} holds at {base(world)}.", collection=str(path), url=base(world))


def step(world: World) -> Step | None:
    """The smoke test as the last gate of a deploy; None for an app without a collection.

    One that could not be run is said now: after the switch, a sound release would be undone for it.
    """
    if not (path := default(world)):
        return None
    from slipway.smoke import run as smoke

    folder = part(world, path)
    smoke.read(path, folder)
    return made(world, path, folder, {})


def made(world: World, path: Path, folder: str, given: dict) -> Step:
    return Step(
        "smoke test", f"{path.name}{f', folder {folder}' if folder else ''}", partial(prove, world, path, folder, given)
    )


def prove(world: World, path: Path, folder: str, given: dict, progress: Progress) -> str:
    if closed(base(world)):
        return "left out: the front door is closed for maintenance"
    # Imported here: a deploy of an app without a collection does not pay for it.
    from slipway.smoke import run as smoke

    found = smoke.run(path, base(world), variables(world) | given, say=progress.say, folder=folder)
    return f"{found['requests']} requests, {found['checks']} checks"


def default(world: World) -> Path | None:
    """The collection of the settings, or the shipped one for the shipped app."""
    settings = world.settings
    if settings.smoke_collection:
        return world.root / settings.smoke_collection
    shipped = world.root / SHIPPED
    return shipped if settings.app_context == "app" and not settings.app_image and shipped.exists() else None


def part(world: World, path: Path) -> str:
    """The shipped collection writes tasks as the demo user, whom only the fixtures make."""
    return WITHOUT_DATA if path == world.root / SHIPPED and not world.settings.fixtures_wanted else ""


def variables(world: World) -> dict[str, str]:
    token = world.settings.smoke_token.get_secret_value()
    return {"token": token} if token else {}


def base(world: World) -> str:
    """The front door as this machine reaches it."""
    return world.engine.probe_url().removesuffix(world.settings.app_ready_path)


def closed(url: str) -> bool:
    """Whether the gateway answers with the page of `invoke maintenance on`."""
    from slipway.ops.maintenance import SIGN

    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=5)
    try:
        connection.request("HEAD", "/")
        return connection.getresponse().getheader(SIGN) is not None
    except (OSError, http.client.HTTPException):
        return False  # the smoke test says it better
    finally:
        connection.close()
