"""What Dokploy does to a compose file and to an environment on their way: both are parsed and written anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import yaml

# YAML 1.2's core schema, by which Dokploy's library reads and writes; Docker Compose then reads by rules that are
# nearer to 1.1, and that is how "1_000" becomes a number.
CORE = {
    "tag:yaml.org,2002:bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "tag:yaml.org,2002:null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "tag:yaml.org,2002:int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "tag:yaml.org,2002:float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "tag:yaml.org,2002:merge": (r"<<", "<"),
}
LARGEST = 2**53  # whole numbers beyond lose digits in JavaScript


class Reader(yaml.SafeLoader):
    yaml_implicit_resolvers: ClassVar[dict] = {}


class Writer(yaml.SafeDumper):
    yaml_implicit_resolvers: ClassVar[dict] = {}

    def ignore_aliases(self, data) -> bool:
        return True


for _kind in (Reader, Writer):
    for _tag, (_pattern, _first) in CORE.items():
        _kind.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), list(_first))


def whole(loader: Reader, node: yaml.ScalarNode) -> int:
    text = node.value
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    number = int(text[2:] if base != 10 else text, base)
    return number if abs(number) <= LARGEST else int(float(number))


Reader.add_constructor("tag:yaml.org,2002:int", whole)


def rewrite_yaml(text: str) -> str:
    """The file as Dokploy writes it: no comments, no quotes that YAML 1.2 does not need, numbers in decimal."""
    return dump(yaml.load(text, Reader))


def dump(data: object) -> str:
    return yaml.dump(data, Dumper=Writer, sort_keys=False, allow_unicode=True, width=10**6)


# The pattern of the dotenv library.
LINE = re.compile(
    r"^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)"
    r"(\s*'(?:\\'|[^'])*'|\s*\"(?:\\\"|[^\"])*\"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$",
    re.MULTILINE,
)
REFERENCE = re.compile(r"\$\{\{([^}]+)\}\}")


class Unresolved(Exception):
    """A reference to a variable that is not there."""


def parse_env(text: str) -> dict[str, str]:
    """As dotenv reads: an unquoted # ends a value, only double quotes know \\n."""
    pairs = {}
    for name, raw in LINE.findall(text.replace("\r\n", "\n")):
        value = raw.strip()
        quote = value[:1] if value[:1] in ("'", '"', "`") and value[:1] == value[-1:] and len(value) > 1 else ""
        value = value[1:-1] if quote else value
        pairs[name] = value.replace("\\n", "\n").replace("\\r", "\r") if quote == '"' else value
    return pairs


def resolve(own: Mapping[str, str], project: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables with ${{project.X}}, ${{environment.X}} and ${{X}} in place. Raises Unresolved."""

    def value(found: re.Match) -> str:
        place, _, name = found[1].strip().rpartition(".")
        try:
            return {"project": project, "environment": environment, "": own}[place][name]
        except KeyError:
            raise Unresolved(found[1]) from None

    return {name: REFERENCE.sub(value, text) for name, text in own.items()}


def env_file(pairs: Mapping[str, str]) -> str:
    return "".join(f'{name}="{escape(value)}"\n' for name, value in pairs.items())


def escape(value: str) -> str:
    return re.sub(r'([\\"$])', r"\\\1", value)
