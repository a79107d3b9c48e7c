"""Settings and stack to the text of every rendered file (pure), and the writing of those that changed."""

from __future__ import annotations

import difflib
import functools
import json
import traceback
from collections.abc import Mapping
from pathlib import Path

from slipway.errors import EngineError, SettingsError
from slipway.stack import contract, front, official, references, stores, tuning
from slipway.stack.accounts import ACCOUNTS
from slipway.stack.digests import pinned
from slipway.stack.model import Stack
from slipway.stack.stores import postgres
from slipway.system import disk

OPTIONS = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}


def files(stack: Stack, root: Path) -> dict[str, str]:
    """Text of each rendered file, by its name. The same stack always gives the same text.

    Raises SettingsError, naming template and line, if a template does not render.
    """
    templates = root / "templates"
    env = jinja(templates)
    values = {
        "stack": stack,
        "s": stack.settings,
        "trusted": front.trusted(stack.settings),
        "claims": list(front.CLAIMS),
        "a": ACCOUNTS,
        "ops_leaves": contract.leaves_the_stack(stack.settings),
        "writable_places": writable_places(stack),
        "bases": {
            "ops": pinned(postgres.OFFICIAL[stack.settings.postgres_version]),
            "app": pinned(official.PYTHON),
        },
        **{name: value for store in stores.load() for name, value in store.values(stack.settings).items()},
    }
    try:
        gateway = env.get_template("gateway.json.j2").render(values)
        # On one line, and with $ for what reads the file as an environment.
        values["gateway_config"] = json.dumps(json.loads(gateway)).replace("$", "$$")
        text = env.get_template(f"{stack.target}.yaml.j2").render(values)
    except SettingsError:
        raise
    except Exception as error:
        # A template may raise anything: 1 + "a" is a TypeError. What does not come from a template is our own fault.
        if not (place := place_of(error, templates)):
            raise
        raise SettingsError(
            place,
            str(error) or type(error).__name__,
            "a template that renders",
            f"edit {place.rsplit(':', 1)[0]}, then ./invoke render",
        ) from None
    return {f"{stack.file}.yaml": text, f"{stack.file}.gateway.json": gateway}


def writable_places(stack: Stack) -> list[str]:
    """Directories that the app may write beside /tmp, as Docker mounts memory for anybody to write in."""
    limit = stack["app"].memory // 2
    return [f"{place}:size={limit},mode=1777" for place in stack.settings.app_writable]


@functools.cache
def jinja(templates: Path):
    import jinja2

    from slipway.stack.template_cache import TemplateCache

    env = jinja2.Environment(  # noqa: S701  (YAML, not HTML: the filter q escapes)
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        bytecode_cache=TemplateCache(templates, OPTIONS),
        **OPTIONS,
    )
    env.filters |= {
        "refer": references.of_colour,
        "q": quote,
        "literal": lambda text: quote(text.replace("$", "$$")),
        "mb": tuning.megabytes,
    }
    return env


def quote(text: str) -> str:
    """A YAML double-quoted scalar that holds any text (YAML 1.2, section 5.7: escapes).

    Raises SettingsError for what no YAML file can hold: NUL, and bytes that were no UTF-8 (as lone surrogates).
    """
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise SettingsError(
            "a value for the rendered file",
            "a NUL character, or bytes that are not UTF-8",
            "text in UTF-8",
            "remove it from .env and the environment",
        )
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return (
        '"'
        + "".join(escapes.get(char) or (char if char.isprintable() else escape_point(ord(char))) for char in text)
        + '"'
    )


def escape_point(point: int) -> str:
    return f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"


def place_of(error: BaseException, templates: Path) -> str:
    """`templates/NAME:LINE` where the error arose, or an empty text if no template was at work.

    Jinja rewrites tracebacks so that a frame of a template carries the template's own file and line.
    """
    frames = [
        (Path(frame.filename), frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
        if templates in Path(frame.filename).parents
    ]
    if not frames:
        return ""
    path, line = frames[-1]
    return f"templates/{path.relative_to(templates).as_posix()}:{line}"


def stale(rendered: Mapping[str, str], directory: Path) -> str:
    """The difference between what is written and what would be, as a unified diff; empty when there is none."""
    return "".join(
        "".join(
            difflib.unified_diff(
                current(directory / name).splitlines(True),
                text.splitlines(True),
                f"compose/{name} (written)",
                f"compose/{name} (rendered)",
            )
        )
        for name, text in sorted(rendered.items())
    )


def current(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def write(rendered: Mapping[str, str], directory: Path) -> list[str]:
    """Writes the files that changed, each whole or not at all. Returns their names."""
    changed = [name for name, text in sorted(rendered.items()) if current(directory / name) != text]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in changed:
            disk.replace(directory / name, rendered[name], 0o644)
    except OSError as error:
        raise EngineError(
            str(directory),
            error.strerror or str(error),
            "a directory that can be written, with room on its disk",
            f"df -h . ; ls -ld {directory}",
        ) from None
    return changed
