"""A blueprint: a stack in the form of Dokploy's templates, as four files, or as the text that its import takes. Pure.

The environment is written as tables, `{ KEY = "…" }`: what stands in them Dokploy takes as it is, while it looks in the
other form, "KEY=…", for helpers such as ${password} and fills them in, within a secret too.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway.errors import SettingsError
from slipway.stack.dokploy import env_values
from slipway.stack.render import quote

COMPOSE, TEMPLATE, META, LOGO = "docker-compose.yml", "template.toml", "meta.json", "logo.svg"
KEY = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# Filled in when Dokploy deploys, from its other variables: an error where there is none of that name.
REFERENCE = re.compile(r"\$\{\{.*?\}\}")
# A hull on a slipway, above the water.
PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128" role="img" aria-label="slipway">
  <rect width="128" height="128" rx="24" fill="#12344d"/>
  <path d="M16 60 L112 92" stroke="#f2b84b" stroke-width="6" stroke-linecap="round"/>
  <g transform="rotate(18.4 64 60)">
    <path d="M30 46 H98 L86 70 H42 Z" fill="#f7f4ec"/>
    <path d="M60 42 V16 L82 42 Z" fill="#e4572e"/>
  </g>
  <path d="M14 106 q12.5 -10 25 0 t25 0 t25 0 t25 0" fill="none" stroke="#5bc0eb" stroke-width="6" stroke-linecap="round"/>
</svg>
"""


@dataclass(frozen=True)
class Domain:
    """A service that Dokploy gives a domain, and the port that it listens on."""

    service: str
    port: int


@dataclass(frozen=True)
class About:
    """What the list of templates tells of a blueprint; `name` is its folder, too."""

    name: str
    version: str
    description: str
    tags: tuple[str, ...]
    github: str = ""
    website: str = ""
    docs: str = ""


def files(about: About, compose: str, domains: Sequence[Domain], environment: Mapping[str, str]) -> dict[str, str]:
    """Text of each file of the blueprint, by its name. Raises SettingsError for a value that Dokploy cannot be given."""
    return {
        COMPOSE: compose,
        TEMPLATE: template(domains, environment),
        META: json.dumps(describe(about), ensure_ascii=False, indent=2) + "\n",
        LOGO: PICTURE,
    }


def describe(about: About) -> dict[str, object]:
    return {
        "id": about.name,
        "name": about.name,
        "version": about.version,
        "description": about.description,
        "logo": LOGO,
        "links": {"github": about.github, "website": about.website, "docs": about.docs},
        "tags": list(about.tags),
    }


def template(domains: Sequence[Domain], environment: Mapping[str, str]) -> str:
    """The text of template.toml: a name for each domain, which Dokploy makes up, and the environment."""
    hosts = {variable(number, domain): domain for number, domain in enumerate(domains)}
    lines = ["[variables]", *(f'{name} = "${{domain}}"' for name in hosts), "", "[config]", "env = ["]
    lines += [f"  {{ {key} = {quote(written(key, value))} }}," for key, value in environment.items()]
    lines += ["]"]
    for name, domain in hosts.items():
        lines += ["", "[[config.domains]]", f"serviceName = {quote(domain.service)}", f"port = {domain.port}"]
        lines += [f'host = "${{{name}}}"']
    return "\n".join(lines) + "\n"


def variable(number: int, domain: Domain) -> str:
    return f"{domain.service.replace('-', '_')}_domain" if number else "main_domain"


def written(key: str, value: str) -> str:
    """A value as Dokploy's environment holds it. Raises SettingsError, which does not tell it, where that has no form."""
    if not KEY.fullmatch(key):
        raise SettingsError("a key", repr(key[:40]), "a name of letters, digits and _", "rename it")
    form = env_values.quote(value)
    if form is None or REFERENCE.search(form):
        found = "a value with ${{…}}" if form else "a value that no quotes hold"
        expected = "one that Dokploy reads as it is: no ${{…}}, not all kinds of quotes at once"
        raise SettingsError(key, found, expected, f"set another {key}")
    return form


def import_form(blueprint: Mapping[str, str]) -> str:
    """The text that Dokploy's import takes: compose file and template in one, as base64."""
    content = {"compose": blueprint[COMPOSE], "config": blueprint[TEMPLATE]}
    return base64.b64encode(json.dumps(content).encode()).decode()
