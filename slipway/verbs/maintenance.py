"""`maintenance on` and `off`: the gateway answers for the app."""

from __future__ import annotations

from slipway.data.verb import Nothing
from slipway.environment import Environment, enter
from slipway.errors import EngineError, SettingsError
from slipway.ops.interface import MAINTENANCE_OFF, MAINTENANCE_ON, Message
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
    env = enter(on)
    if "gateway" not in env.engine.services():
        raise EngineError(
            "maintenance",
            f"the {env.engine.name} engine runs no gateway",
            "an engine with a front door of its own",
            "set ENGINE=docker in .env, or stop the app with ./invoke down",
        )
    reporter.header(env.header)
    apply(Plan(((step(env, state, message),),)), reporter, end_all)
    reporter.done(describe_state(env, state), state=state, url=env.engine.url())


def step(env: Environment, state: str, message: str) -> Step:
    def work(progress: Progress) -> str:
        if state == "on":
            page = env.engine.inside(MAINTENANCE_ON, Message(message), progress)
            return f"503 with: {page.message[:60]}"
        opened = env.engine.inside(MAINTENANCE_OFF, Nothing(), progress)
        return "the app answers again" if opened.was_on else "it was off already"

    return Step(f"maintenance {state}", "asked for", work)


def describe_state(env: Environment, state: str) -> str:
    if state == "off":
        return f"The front door is open: {env.engine.url()}"
    settings = env.settings
    probes = f"{settings.app_health_path} and {settings.app_ready_path}"
    return (
        f"The front door answers 503 with a page; {probes} still reach the app.\n"
        f"./invoke maintenance off{env.flag} opens it again."
    )
