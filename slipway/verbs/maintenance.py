"""`maintenance on` and `off`: the gateway answers for the app."""

from __future__ import annotations

from slipway.environment import World, enter
from slipway.errors import EngineError, SettingsError
from slipway.plan import Plan, Progress, Step, apply
from slipway.system.process import end_all

STATES = ("on", "off")


def run(on: str, reporter, state: str, message: str = "") -> None:
    """Closes or opens the front door. Raises SettingsError for another word, EngineError without a gateway."""
    if state not in STATES:
        raise SettingsError("maintenance", state, "on or off", "./invoke maintenance on --message 'Back at 10:00'")
    if message and state == "off":
        raise SettingsError(
            "--message", "a message for an open door", "a message with `on` only", "./invoke maintenance off"
        )
    world = enter(on)
    if "gateway" not in world.engine.services():
        raise EngineError(
            "maintenance",
            f"the {world.engine.name} engine runs no gateway",
            "an engine with a front door of its own",
            "set ENGINE=docker in .env, or stop the app with ./invoke down",
        )
    reporter.header(world.header)
    apply(Plan(((step(world, state, message),),)), reporter, end_all)
    reporter.done(told(world, state), state=state, url=world.engine.url())


def step(world: World, state: str, message: str) -> Step:
    def work(progress: Progress) -> str:
        found = world.engine.inside(f"maintenance.{state}", {"message": message} if state == "on" else {}, progress)
        if state == "on":
            return f"503 with: {found['message'][:60]}"
        return "the app answers again" if found["was_on"] else "it was off already"

    return Step(f"maintenance {state}", "asked for", work)


def told(world: World, state: str) -> str:
    if state == "off":
        return f"The front door is open: {world.engine.url()}"
    settings = world.settings
    probes = f"{settings.app_health_path} and {settings.app_ready_path}"
    return (
        f"The front door answers 503 with a page; {probes} still reach the app.\n"
        f"./invoke maintenance off{world.flag} opens it again."
    )
