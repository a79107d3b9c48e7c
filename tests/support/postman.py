"""Postman collections in the shape that Postman exports them, written short."""

from __future__ import annotations

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def event(moment: str, script: str) -> dict:
    return {"listen": moment, "script": {"type": "text/javascript", "exec": script.strip("\n").split("\n")}}


def events(test: str = "", before: str = "") -> list[dict]:
    return [event(moment, text) for moment, text in (("prerequest", before), ("test", test)) if text]


def url(path: str, **more: object) -> dict:
    """`/a/:b?c=1` at {{baseUrl}}, in parts."""
    address, _, query = path.partition("?")
    pairs = [dict(zip(("key", "value"), pair.split("=", 1), strict=False)) for pair in query.split("&") if query]
    made = {"raw": f"{{{{baseUrl}}}}{path}", "host": ["{{baseUrl}}"], "path": address.strip("/").split("/")}
    return made | ({"query": pairs} if pairs else {}) | more


def ask(name: str, path: str | dict, test: str = "", before: str = "", method: str = "GET", **request: object) -> dict:
    """One request with its scripts; further words are those of its `request`."""
    address = url(path) if isinstance(path, str) else path
    return {
        "name": name,
        "event": events(test, before),
        "request": {"method": method, "header": [], "url": address} | request,
        "response": [],
    }


def post(name: str, path: str | dict, test: str = "", before: str = "", **request: object) -> dict:
    return ask(name, path, test, before, **({"method": "POST"} | request))


def header(**values: str) -> list[dict]:
    return [{"key": key.replace("_", "-"), "value": value, "type": "text"} for key, value in values.items()]


def raw(text: str, language: str = "json") -> dict:
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": language}}}


def auth(kind: str, **values: str) -> dict:
    return {"type": kind, kind: [{"key": key, "value": value, "type": "string"} for key, value in values.items()]}


def folder(name: str, *items: dict, test: str = "", before: str = "", **more: object) -> dict:
    return {"name": name, "item": list(items), "event": events(test, before)} | more


def collection(*items: dict, test: str = "", before: str = "", variables: dict | None = None, **more: object) -> dict:
    return {
        "info": {"_postman_id": "b7f0c1d2-0000-4000-8000-000000000001", "name": "shop", "schema": SCHEMA},
        "item": list(items),
        "event": events(test, before),
        "variable": [{"key": key, "value": value} for key, value in (variables or {}).items()],
    } | more
