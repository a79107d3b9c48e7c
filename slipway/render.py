"""Settings and stack to the text of every rendered file (pure), and the writing of those that changed."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from slipway import tuning
from slipway.errors import SettingsError, SlipwayError
from slipway.stack import Stack

TARGETS = ("local", "production")


def files(stack: Stack, root: Path) -> dict[str, str]:
    """Text of each file under compose/, by its name. The same stack always gives the same text.

    Raises SettingsError, naming template and line, if a template does not render.
    """
    import jinja2

    env = jinja2.Environment(loader=jinja2.FileSystemLoader(root / "templates"), undefined=jinja2.StrictUndefined,
                             trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    env.filters |= {"q": quote, "literal": lambda text: quote(text.replace("$", "$$")), "mb": tuning.megabytes}
    values = {"stack": stack, "s": stack.settings, "tuned": tuning.postgres(
        stack.settings.postgres_memory, stack.settings.postgres_max_connections), "maxmemory": tuning.redis}
    try:
        values["caddyfile"] = env.get_template("Caddyfile.j2").render(values)
        text = env.get_template(f"{stack.target}.yaml.j2").render(values)
    except jinja2.TemplateError as error:
        place = f"templates/{getattr(error, 'name', None) or template_of(error)}"
        line = getattr(error, "lineno", None) or line_of(error)
        raise SettingsError(f"{place}:{line}", error.message or type(error).__name__, "a template that renders",
                            f"edit {place}, then ./invoke render") from None
    return {f"{stack.settings.environment}.yaml": text}


def quote(text: str) -> str:
    """A YAML double-quoted scalar that holds any text (YAML 1.2, section 5.7: escapes), or a refusal for NUL."""
    if "\0" in text:
        raise SettingsError("a value for the rendered file", "a NUL character", "text", "remove it from .env")
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(char) or (char if char.isprintable() else escaped(ord(char))) for char in text) + '"'


def escaped(point: int) -> str:
    return f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"


def template_of(error: BaseException) -> str:
    frame = last_template_frame(error)
    return os.path.basename(frame.tb_frame.f_code.co_filename) if frame else "?"


def line_of(error: BaseException) -> int:
    frame = last_template_frame(error)
    return frame.tb_lineno if frame else 0


def last_template_frame(error: BaseException):
    """Jinja rewrites tracebacks so that a frame of a template carries the template's own file and line."""
    found, frame = None, error.__traceback__
    while frame:
        found = frame if frame.tb_frame.f_code.co_filename.endswith(".j2") else found
        frame = frame.tb_next
    return found


def stale(rendered: Mapping[str, str], directory: Path) -> str:
    """The difference between what is written and what would be, as a unified diff; empty when there is none."""
    return "".join("".join(difflib.unified_diff(current(directory / name).splitlines(True), text.splitlines(True),
                                                f"compose/{name} (written)", f"compose/{name} (rendered)"))
                   for name, text in sorted(rendered.items()))


def current(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def write(rendered: Mapping[str, str], directory: Path) -> list[str]:
    """Writes the files that changed, each whole or not at all. Returns their names."""
    changed = [name for name, text in sorted(rendered.items()) if current(directory / name) != text]
    try:
        directory.mkdir(exist_ok=True)
        for name in changed:
            replace(directory / name, rendered[name])
    except OSError as error:
        raise SlipwayError(f"compose/{error.filename and Path(error.filename).name}", error.strerror or str(error),
                           "a directory that can be written, with room on its disk", "df -h . ; ls -ld compose") from None
    return changed


def replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
