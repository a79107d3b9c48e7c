"""`supabase.secrets`: the project's vault, as settings of the app."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.config import adding, envfile
from slipway.config.adding import Added
from slipway.data.verb import Nothing
from slipway.environment import ROOT, Environment, enter
from slipway.inside import work
from slipway.stack import contract
from slipway.supabase.interface import VAULT, VAULT_VALUES, Vault
from slipway.supabase.vault import keys


def run(on: str, reporter, write: bool = False) -> None:
    """Lists names and the keys that they would have; with `write` the values go into the settings file, and nowhere else."""
    env = enter(on)
    vault = work(
        env,
        reporter,
        VAULT_VALUES if write else VAULT,
        Nothing(),
        "the project's vault; nothing is written to it",
        lambda vault: f"{len(vault.secrets)} secrets",
    )
    if not vault.there:
        reporter.done("The project has no vault.", secrets=[])
        return
    named = keys.keys(vault.secrets, given_by_the_stack(env))
    path = envfile.path_of(ROOT, env.on)
    values = {named[each.id]: each.value for each in vault.secrets if each.value is not None} if write else {}
    states = told(adding.add(path, values), path.name) if write else {}
    for each in vault.secrets:
        state = states.get(named[each.id], "has no value that this role can read" if write else "")
        reporter.line(f"  {keys.label(each)}: {named[each.id]}{f' {state}' if state else ''}")
    reporter.done(
        summary(vault, states, path.name, env.flag),
        secrets=[
            {"name": keys.label(each), "key": named[each.id], "state": states.get(named[each.id], "")}
            for each in vault.secrets
        ],
    )


def given_by_the_stack(env: Environment) -> set[str]:
    """Names in the app's environment that are the stack's own to give: a secret of that name must not take their place."""
    settings = env.settings
    told = contract.app(settings, contract.addresses(settings), contract.in_clear(settings))
    return set(told) - set(settings.app_env)


def told(added: Added, file: str) -> dict[str, str]:
    """What became of each key, in words."""
    return {
        **dict.fromkeys(added.written, f"was written to {file}"),
        **dict.fromkeys(added.same, f"is in {file} already"),
        **dict.fromkeys(added.other, f"is in {file} with another value, which stays"),
        **dict.fromkeys(added.unwritable, f"was not written: no line of {file} can hold its value"),
    }


def summary(vault: Vault, states: Mapping[str, str], file: str, flag: str) -> str:
    if not states:
        return f"{len(vault.secrets)} secrets; ./invoke supabase.secrets --write{flag} puts their values into {file}."
    return f"Values are in {file} alone; ./invoke up{flag} gives them to the app, without APP_ENV_."
