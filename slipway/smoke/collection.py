"""Postman collections, format v2.1: the requests in their folders, with what they inherit.

Source of the format: schema.postman.com/collection/json/v2.1.0. What a collection holds beyond the part that is read
here is listed as not understood, never left out in silence.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote_plus

from slipway.errors import SettingsError
from slipway.smoke.checks import Check, compile_script
from slipway.smoke.nodes import NotUnderstood

NEXT = "export it from Postman as Collection v2.1"


@dataclass(frozen=True)
class Request:
    """One request as it was written: {{names}} still stand in its url, headers and body."""

    name: str  # folder / folder / name
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Collection:
    name: str
    requests: tuple[Request, ...]
    variables: Mapping[str, object]
    strange: tuple[str, ...] = ()  # what was not understood, one sentence each


@dataclass(frozen=True)
class Inherited:
    """What requests get from the collection and the folders that they are in."""

    place: tuple[str, ...] = ()
    auth: Mapping | None = None
    scripts: tuple[str, ...] = ()


class Strange(Exception):
    """Part of a request that is not understood."""


def read(path: Path) -> Collection:
    """The collection in a file. Raises SettingsError for a file that is none."""
    raw = loaded(path)
    info = raw.get("info")
    if not isinstance(info, dict) or "v2." not in str(info.get("schema", "")) or not isinstance(raw.get("item"), list):
        raise SettingsError(
            str(path), "not a Postman collection of format v2", "info.schema of v2.1 and a list named item", NEXT
        )
    strange: list[str] = []
    try:
        requests = tuple(walk(raw, Inherited(), strange))
        variables = dict(variables_of(raw.get("variable", [])))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise SettingsError(
            str(path),
            f"an entry of another shape ({type(error).__name__}: {error})",
            "a Postman collection of format v2.1",
            NEXT,
        ) from None
    return Collection(str(info.get("name", path.name)), requests, variables, tuple(strange))


def loaded(path: Path) -> dict:
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(str(path), error.strerror or "unreadable", "a Postman collection", NEXT) from None
    except ValueError as error:
        raise SettingsError(str(path), f"not JSON: {error}", "a Postman collection", NEXT) from None
    if not isinstance(raw, dict):
        raise SettingsError(str(path), f"a JSON {type(raw).__name__}", "a Postman collection", NEXT)
    return raw


def environment(path: Path) -> dict[str, object]:
    """The enabled variables of a Postman environment file."""
    return dict(variables_of(loaded(path).get("values", [])))


def variables_of(entries: list) -> Iterator[tuple[str, object]]:
    for entry in entries:
        if entry.get("enabled", True) and not entry.get("disabled", False):
            yield entry.get("key") or entry["id"], entry.get("value", "")


def walk(item: dict, above: Inherited, strange: list[str]) -> Iterator[Request]:
    """The requests of a folder, or of the collection itself, in the order in which Postman runs them."""
    here = inherited(item, above, strange)
    for each in item["item"]:
        place = replace(here, place=(*here.place, each.get("name", "unnamed")))
        if "item" in each:
            yield from walk(each, place, strange)
        else:
            yield request(each, inherited(each, place, strange), strange)


def inherited(item: dict, above: Inherited, strange: list[str]) -> Inherited:
    own = item.get("auth") or (item["request"].get("auth") if isinstance(item.get("request"), dict) else None)
    scripts = above.scripts
    for event in item.get("event", []):
        lines = event.get("script", {}).get("exec", [])
        text = lines if isinstance(lines, str) else "\n".join(lines)
        if event.get("disabled") or not text.strip():
            continue
        if event.get("listen") == "test":
            scripts = (*scripts, text)
        else:
            strange.append(f"{' / '.join(above.place) or 'the collection'}: a {event.get('listen')} script")
    return Inherited(above.place, own or above.auth, scripts)


def request(item: dict, given: Inherited, strange: list[str]) -> Request:
    """One request; each part of it that is not understood is added to `strange`."""
    name = " / ".join(given.place)
    raw = item["request"] if isinstance(item["request"], dict) else {"method": "GET", "url": item["request"]}
    parts: dict = {"headers": (), "body": "", "checks": ()}
    for part, make in (
        ("body", lambda: body(raw.get("body") or {})),
        ("headers", lambda: headers(raw, given.auth)),
        ("checks", lambda: tuple(check for script in given.scripts for check in compile_script(script))),
    ):
        try:
            parts[part] = make()
        except (Strange, NotUnderstood) as error:
            strange.append(f"{name}: {error}")
    return Request(name, str(raw.get("method", "GET")).upper(), url(raw["url"]), **parts)


def url(raw: str | dict) -> str:
    """The address, with its :path variables filled in."""
    if isinstance(raw, str):
        return raw
    address = raw["raw"]
    for entry in raw.get("variable", []):
        address = address.replace(f"/:{entry['key']}", f"/{entry.get('value', '')}")
    return address


def headers(raw: dict, auth: Mapping | None) -> tuple[tuple[str, str], ...]:
    own = tuple((each["key"], each.get("value", "")) for each in raw.get("header") or [] if not each.get("disabled"))
    kind = (raw.get("body") or {}).get("mode")
    language = ((raw.get("body") or {}).get("options") or {}).get("raw", {}).get("language")
    implied = {"urlencoded": "application/x-www-form-urlencoded"}.get(
        kind, "application/json" if language == "json" else ""
    )
    if implied and not any(key.lower() == "content-type" for key, _ in own):
        own = (*own, ("Content-Type", implied))
    return (*own, *authorization(auth))


def authorization(auth: Mapping | None) -> tuple[tuple[str, str], ...]:
    if not auth or auth["type"] == "noauth":
        return ()
    values = {each["key"]: each.get("value", "") for each in auth.get(auth["type"], [])}
    if auth["type"] == "bearer":
        return (("Authorization", f"Bearer {values['token']}"),)
    if auth["type"] == "basic" and "{{" not in (pair := f"{values.get('username', '')}:{values.get('password', '')}"):
        return (("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"),)
    raise Strange(f"authorization of type {auth['type']}; bearer is understood")


def body(raw: dict) -> str:
    mode = raw.get("mode")
    if raw.get("disabled") or mode is None:
        return ""
    if mode == "raw":
        return raw.get("raw", "")
    if mode == "urlencoded":
        fields = [each for each in raw["urlencoded"] if not each.get("disabled")]
        return "&".join(f"{quote_plus(each['key'])}={quote_plus(each.get('value', ''), safe='{}')}" for each in fields)
    raise Strange(f"a body of mode {mode}; raw and urlencoded are understood")
