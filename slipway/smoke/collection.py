"""Postman collections, format v2.1: the requests in their folders, with what they inherit.

Source of the format: schema.postman.com/collection/json/v2.1.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from slipway.errors import SettingsError
from slipway.system.redact import Secret

NEXT = "export it from Postman as Collection v2.1"


@dataclass(frozen=True)
class Source:
    """The text of a script, and the folder or request that it is written in."""

    place: str
    text: str


@dataclass(frozen=True)
class Request:
    """One request as it was written: {{names}} still stand in it."""

    name: str
    place: tuple[str, ...]  # its folders and itself
    raw: Mapping  # method, url, header, body, auth
    id: str = ""
    before: tuple[Source, ...] = ()
    after: tuple[Source, ...] = ()
    behaviour: Mapping = field(default_factory=dict)

    @property
    def title(self) -> str:
        return " / ".join(self.place)


@dataclass(frozen=True)
class Collection:
    name: str
    requests: tuple[Request, ...]
    variables: Mapping[str, object]


@dataclass(frozen=True)
class Inherited:
    """What requests get from the collection and the folders that they are in."""

    place: tuple[str, ...] = ()
    auth: Mapping | None = None
    before: tuple[Source, ...] = ()
    after: tuple[Source, ...] = ()
    behaviour: Mapping = field(default_factory=dict)


def read(path: Path) -> Collection:
    """The collection in a file. Raises SettingsError for a file that is none."""
    raw = load_json(path)
    info = raw.get("info")
    if not isinstance(info, dict) or "v2." not in str(info.get("schema", "")) or not isinstance(raw.get("item"), list):
        raise SettingsError(
            str(path), "not a Postman collection of format v2", "info.schema of v2.1 and a list named item", NEXT
        )
    try:
        requests = tuple(walk(raw, Inherited()))
        variables = dict(variables_of(raw.get("variable", [])))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise SettingsError(
            str(path),
            f"an entry of another shape ({type(error).__name__}: {error})",
            "a Postman collection of format v2.1",
            NEXT,
        ) from None
    return Collection(str(info.get("name", path.name)), requests, variables)


def load_json(path: Path) -> dict:
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(str(path), error.strerror or "unreadable", "a Postman collection", NEXT) from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(str(path), f"not JSON: {error}", "a Postman collection", NEXT) from None
    if not isinstance(raw, dict):
        raise SettingsError(str(path), f"a JSON {type(raw).__name__}", "a Postman collection", NEXT)
    return raw


def environment(path: Path) -> dict[str, object]:
    """The enabled variables of a Postman environment file; a Secret where Postman hides the value."""
    return dict(variables_of(load_json(path).get("values", [])))


def variables_of(entries: list) -> Iterator[tuple[str, object]]:
    for entry in entries:
        if entry.get("enabled", True) and not entry.get("disabled", False):
            value = entry.get("value", "")
            yield entry.get("key") or entry["id"], Secret(str(value)) if entry.get("type") == "secret" else value


def walk(item: dict, above: Inherited) -> Iterator[Request]:
    """The requests of a folder, or of the collection itself, in the order in which Postman runs them."""
    here = inherit_from(item, above)
    for each in item["item"]:
        place = replace(here, place=(*here.place, str(each.get("name", "unnamed"))))
        yield from walk(each, place) if "item" in each else [request(each, inherit_from(each, place))]


def inherit_from(item: dict, above: Inherited) -> Inherited:
    own = item.get("auth") or (item["request"].get("auth") if isinstance(item.get("request"), dict) else None)
    return Inherited(
        above.place,
        own or above.auth,
        (*above.before, *scripts(item, "prerequest", above.place)),
        (*above.after, *scripts(item, "test", above.place)),
        {**above.behaviour, **(item.get("protocolProfileBehavior") or {})},
    )


def scripts(item: dict, moment: str, place: tuple[str, ...]) -> Iterator[Source]:
    for event in item.get("event") or []:
        lines = (event.get("script") or {}).get("exec") or []
        text = lines if isinstance(lines, str) else "\n".join(lines)
        if event.get("listen") == moment and not event.get("disabled") and text.strip():
            yield Source(" / ".join(place) or "the collection", text)


def request(item: dict, given: Inherited) -> Request:
    raw = item["request"] if isinstance(item["request"], dict) else {"url": item["request"]}
    if not has_address(raw.get("url")):
        raise ValueError(f"{' / '.join(given.place)} has no address")
    raw = {**raw, "auth": given.auth, "body": body_of(raw.get("body"))}
    identity = str(item.get("id") or item.get("_postman_id") or "")
    return Request(given.place[-1], given.place, raw, identity, given.before, given.after, given.behaviour)


def body_of(raw: Mapping | None) -> dict | None:
    """What is sent of a body: Postman keeps beside it what was written in its other modes."""
    if not raw or raw.get("disabled"):
        return None
    return {key: value for key, value in raw.items() if key in ("mode", "options", raw.get("mode"))}


def has_address(url: object) -> bool:
    """Whether a URL is text, or an object with its text or its parts."""
    return bool(url) if isinstance(url, str) else isinstance(url, dict) and bool(url.get("host") or url.get("raw"))


def values_of(auth: Mapping) -> dict[str, object]:
    """What an authorization says under its type, in the shape of v2.1 (a list) or v2.0 (an object)."""
    entries = auth.get(auth["type"]) or []
    return dict(entries) if isinstance(entries, dict) else {each["key"]: each.get("value") for each in entries}
