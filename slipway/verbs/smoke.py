"""`smoke`: a Postman collection through the front door, on its own; a deploy runs one as its last gate."""

from __future__ import annotations

from slipway.environment import enter
from slipway.errors import HealthError, SettingsError
from slipway.plan import Plan, apply
from slipway.release import smoke_test
from slipway.system.inherited import path_of
from slipway.system.process import end_all


def run(on: str, reporter, collection: str | None = None, variables: str | None = None, folder: str = "") -> None:
    """Runs a collection; by default the one that a deploy runs. `variables` is a Postman environment file."""
    env = enter(on)
    path = path_of(collection) if collection else smoke_test.default(env)
    if path is None:
        raise SettingsError(
            "SMOKE_COLLECTION",
            "not set, and the app is not the one in app/",
            "a Postman collection (v2.1)",
            "./invoke smoke --collection FILE, or set SMOKE_COLLECTION in .env",
        )
    url = smoke_test.base(env)
    if smoke_test.is_closed(env):
        raise HealthError("front door", "closed for maintenance", "an open one", f"./invoke maintenance off{env.flag}")
    from slipway.smoke import collection as postman

    given = postman.environment(path_of(variables)) if variables else {}
    reporter.header(env.header)
    smoke_test.provide(env)
    step = smoke_test.step(env, path, folder or smoke_test.part(env, path), given)
    apply(Plan(((step,),)), reporter, end_all)
    reporter.done(f"{path.name} holds at {url}.", collection=str(path), url=url)
