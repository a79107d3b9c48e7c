"""`db.roles`: on a database of somebody else's, a role for the app that owns nothing."""

from __future__ import annotations

from slipway.config.secret_strength import RANDOM_HEX
from slipway.data.postgres.interface import APP_ROLE, AppRole, Least
from slipway.environment import Environment, enter
from slipway.errors import SettingsError
from slipway.inside import work


def run(on: str, reporter) -> None:
    """Makes it or repairs its grants, and prints the two lines for the settings file; no secret is shown."""
    env = enter(on)
    if env.settings.postgres == "bundled":
        raise SettingsError("POSTGRES", "bundled: ./invoke up makes its roles", "POSTGRES=external", "./invoke status")
    password = env.settings.postgres_app_password.get_secret_value()
    if not password:
        raise SettingsError(
            "POSTGRES_APP_PASSWORD",
            "no value",
            "the password that the app's role shall have",
            f"put one in the settings file; this prints one: {RANDOM_HEX}",
        )
    found = work(env, reporter, APP_ROLE, Least(password), "the app's role", told)
    for change in found.changed:
        reporter.line(f"  {change}")
    for line in lines(env, found):
        reporter.line(line)
    reporter.done(f"{found.role} may read and write rows, and nothing else.", role=found.role, changed=found.changed)


def told(found: AppRole) -> str:
    return f"{len(found.changed)} changes" if found.changed else "as it should be"


def lines(env: Environment, found: AppRole) -> list[str]:
    """What is to be done in the settings file; nothing where the app is that role already."""
    name = ".env" if env.on == "local" else f".env.{env.on}"
    if f"//{found.role}:" in env.settings.database_url.get_secret_value():
        return []
    migrate = env.settings.migrate_database_url.get_secret_value()
    return [
        f"Put into {name}, then ./invoke up{env.flag}:",
        *([] if migrate else ["  MIGRATE_DATABASE_URL=   the value that DATABASE_URL has now"]),
        f"  DATABASE_URL=postgresql://{found.role}:PASSWORD@{found.host}:{found.port}/{found.database}",
        "               PASSWORD is the value of POSTGRES_APP_PASSWORD there; keep the options that follow ? in the old one",
    ]
