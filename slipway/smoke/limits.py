"""What a collection asks for that no smoke test can do: found before anything is sent, never left out in silence."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from slipway.smoke.collection import Collection, Request, Source, values_of
from slipway.smoke.script import Script, ScriptError

AUTHORIZATIONS = ("noauth", "bearer", "basic", "apikey", "digest", "oauth2")
BODIES = ("raw", "urlencoded", "formdata", "graphql", "file")
MODULES = ("chai", "uuid", "tv4", "atob", "btoa")
DYNAMIC = re.compile(r"\{\{\$(\w+)\}\}")
NAMED = re.compile(r"\{\{([^{}$][^{}]*)\}\}")
# A script that sets a variable whose name it computes.
COMPUTED = re.compile(r"\bset\w*\s*\(\s*(?!\s|[\"'`]\s*[^\"'`$]+\s*[\"'`]\s*,)")

# Comments and texts, so that a word in one is not taken for code. A text that a template computes stays.
SILENT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
REQUIRED = re.compile(r"\brequire\s*\(\s*([\"'`])([^\"'`]+)\1")
# Libraries that Postman brings and we do not, used as `name.` or `name(`.
LIBRARIES = (
    "_",
    "CryptoJS",
    "moment",
    "cheerio",
    "xml2Json",
    "Backbone",
    "Ajv",
    "Buffer",
    "pm.vault",
    "pm.cookies.jar",
)
USED = {name: re.compile(rf"(?<![\w.$]){re.escape(name)}\s*[.(]") for name in LIBRARIES}


def limits(collection: Collection, folder: Path, given: Iterable[str] | None = None) -> list[str]:
    """One sentence for each thing that cannot be done; files of forms are looked for beside the collection.

    `given` are the names that have a value from outside, where they are known.
    """
    script = Script()
    dynamic = frozenset(script.call("dynamic") or ())
    found: dict[str, None] = {}  # a script that many requests inherit is told once
    for request in collection.requests:
        for sentence in (*of_request(request, folder), *of_scripts(request, script), *of_names(request, dynamic)):
            found[sentence] = None
    found |= dict.fromkeys(nameless(collection, given) if given is not None else ())
    return list(found)


def nameless(collection: Collection, given: Iterable[str]) -> Iterator[str]:
    """A sentence for each {{name}} that nothing gives a value and no script speaks of."""
    scripts = {source.text for request in collection.requests for source in (*request.before, *request.after)}
    if any(COMPUTED.search(text) for text in scripts):
        return
    known = {*given, *collection.variables}
    for request in collection.requests:
        for name in dict.fromkeys(NAMED.findall(json.dumps(enabled(dict(request.raw)), ensure_ascii=False))):
            if name not in known and not any(name in text for text in scripts):
                near = difflib.get_close_matches(name, known, 1)
                hint = f"; {{{{{near[0]}}}}}, perhaps" if near else ""
                yield f"{request.title}: {{{{{name}}}}}, which nothing gives a value{hint}"


def enabled(value: object) -> object:
    """A structure without what is disabled in it, and without descriptions: none of that is sent."""
    if isinstance(value, dict):
        return {key: enabled(each) for key, each in value.items() if key != "description"}
    off = [each for each in value if isinstance(each, dict) and each.get("disabled")] if isinstance(value, list) else []
    return [enabled(each) for each in value if each not in off] if isinstance(value, list) else value


def of_request(request: Request, folder: Path) -> Iterator[str]:
    auth, body = request.raw.get("auth"), request.raw.get("body") or {}
    if auth and auth.get("type") not in AUTHORIZATIONS:
        yield f"{request.title}: authorization of type {auth.get('type')}; {', '.join(AUTHORIZATIONS)} are known"
    if auth and auth.get("type") == "oauth2" and not values_of(auth).get("accessToken"):
        yield f"{request.title}: authorization of type oauth2 without an accessToken; nobody is here to sign in"
    if body and not body.get("disabled") and body.get("mode") not in (None, *BODIES):
        yield f"{request.title}: a body of mode {body['mode']}; {', '.join(BODIES)} are known"
    for name in files(body):
        if "{{" not in name and not (folder / name).is_file():
            yield f"{request.title}: no file {name} beside the collection"


def files(body: dict) -> Iterator[str]:
    """The names of the files that a body is made of."""
    if body.get("mode") == "file":
        yield str((body.get("file") or {}).get("src") or "")
    for each in body.get("formdata") or [] if body.get("mode") == "formdata" else []:
        if each.get("type") == "file" and not each.get("disabled"):
            yield from map(str, each["src"] if isinstance(each.get("src"), list) else [each.get("src") or ""])


def of_scripts(request: Request, script: Script) -> Iterator[str]:
    for source in (*request.before, *request.after):
        try:
            script.check(source.text)
        except ScriptError as error:
            yield f"{source.place}: line {error.line}: {error.found}"
            continue
        for line, name in libraries(source):
            yield f"{source.place}: line {line}: the library {name}; {', '.join(MODULES)} are there"


def libraries(source: Source) -> Iterator[tuple[int, str]]:
    for match in REQUIRED.finditer(source.text):
        if match[2] not in MODULES:
            yield line_of(source.text, match.start()), match[2]
    code = SILENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source.text)
    for name, used in USED.items():
        declared = re.search(rf"\b(?:const|let|var|function)\s+{re.escape(name)}\b", code)
        if (match := used.search(code)) and not declared:
            yield line_of(code, match.start()), name


def line_of(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def of_names(request: Request, known: frozenset[str]) -> Iterator[str]:
    for name in dict.fromkeys(DYNAMIC.findall(json.dumps(dict(request.raw)))):
        if name not in known:
            yield f"{request.title}: {{{{${name}}}}}, which is no name that makes a value"
