"""Writes the Postman collection of the backend from its OpenAPI document: `python postman.py > FILE`, in this directory.

Each request is an operation of the document: its method, its path, and a check that the answer has the status and the
schema that the document promises. What the document cannot say is in `FLOW`: the order, the values that are sent, and
what later requests need of an answer.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import Any

from backend.main import described

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
TOKEN = {"type": "bearer", "bearer": [{"key": "token", "value": "{{accessToken}}", "type": "string"}]}
NONE = {"type": "noauth"}


@dataclass(frozen=True)
class Call:
    """One request: an operation of the document, and what to send."""

    operation: str
    status: int = 200
    body: dict[str, Any] | None = None
    query: str = ""
    save: dict[str, str] = field(default_factory=dict)  # variable: where in the answer
    checks: tuple[str, ...] = ()  # JavaScript that holds, on `body`
    name: str = ""
    token: bool = True


ACCOUNT = {"email": "{{email}}", "password": "{{password}}"}
TOKENS = {"accessToken": "access_token", "refreshToken": "refresh_token"}
# An object whose bytes are JSON, so that a body of this collection can be one.
HELLO = {"hello": "world"}
CONTENT, NAME = json.dumps(HELLO), "smoke/{{email}}.json"
ALL_STORES = tuple(f"body.dependencies.{name}.ok === true" for name in ("postgres", "redis", "objects"))

FLOW: dict[str, tuple[Call, ...]] = {
    # The deploy of a stack without fixtures runs this folder alone: it writes nothing.
    "Probes": (
        Call("alive", checks=('body.status === "alive"',), token=False),
        Call("ready", checks=ALL_STORES, token=False),
        Call("me", 401, name="nobody", token=False),
    ),
    "Account": (
        Call("register", 201, ACCOUNT, save=TOKENS, token=False),
        Call("log_in", 200, ACCOUNT, save=TOKENS, token=False),
        Call("refresh", 200, {"refresh_token": "{{refreshToken}}"}, save=TOKENS, token=False),
        Call("me", checks=('body.email === pm.collectionVariables.get("email")',)),
        Call("list_sessions", checks=("body.filter((each) => each.current).length === 1",)),
        Call("get_profile", 404, name="no profile yet"),
        Call("change_profile", 200, {"display_name": "Smoke test", "locale": "en-GB"}),
        Call("get_profile", checks=('body.display_name === "Smoke test"',)),
    ),
    "Tasks": (
        Call(
            "create_task",
            201,
            {"title": "Smoke test", "status": "todo"},
            save={"task": "id"},
            checks=('body.title === "Smoke test"', 'pm.response.headers.has("Location")'),
        ),
        Call("get_task", checks=('body.id === pm.collectionVariables.get("task")',)),
        Call("list_tasks", query="limit=1", checks=("body.items.length === 1",)),
        Call("change_task", 200, {"status": "done"}, checks=('body.status === "done"', "body.completed_at !== null")),
        Call("create_task", 422, {"status": "no such status"}, name="refuse"),
        Call("delete_task", 204),
        Call("get_task", 404, name="gone"),
    ),
    "Objects": (
        Call("list_buckets", checks=('body.some((each) => each.id === "files")',)),
        Call("start_upload", 201, {"size": len(CONTENT), "content_type": "application/json"}, save={"upload": "id"}),
        Call("complete_upload", 409, name="nothing sent yet"),
        Call("send_upload", 204, HELLO),
        Call("complete_upload", checks=(f"body.size === {len(CONTENT)}",)),
        Call("get_object", checks=('body.hello === "world"',)),
        Call("get_object_link", checks=("body.expires_in === 3600",)),
        Call("list_objects", query="limit=1", checks=("body.items.length === 1",)),
        Call("start_upload", 409, {"size": 1}, name="the name is taken"),
        Call("delete_object", 204),
        Call("get_object", 404, name="gone"),
        Call("start_upload", 201, {"size": len(CONTENT), "in_parts": True}, save={"upload": "id"}, name="in parts"),
        Call("get_part_target", checks=('body.method === "PUT"',)),
        Call("send_part", 204, HELLO),
        Call("abort_upload", 204),
    ),
    "Supabase's clients": (
        Call("gotrue_settings", token=False),
        Call("gotrue_jwks", token=False),
        Call("gotrue_token", 200, ACCOUNT, "grant_type=password", TOKENS, token=False),
        Call("gotrue_user", checks=('body.role === "authenticated"',)),
        Call("gotrue_change_user", 200, {"data": {"seen": True}}, checks=("body.user_metadata.seen === true",)),
        Call("gotrue_logout", 204, query="scope=others"),
        Call("storage_upload", 200, HELLO),
        Call("storage_authenticated", checks=('body.hello === "world"',)),
        Call("storage_public", 404, name="not public", token=False),
        Call("storage_signed", 400, name="not signed", query="token=x", token=False),
        Call("storage_sign", 200, {"expiresIn": 60}, checks=('body.signedURL.startsWith("/object/sign/")',)),
        Call("storage_sign_many", 200, {"expiresIn": 60, "paths": [NAME]}, checks=("body[0].error === null",)),
        Call("storage_list", 200, {"prefix": "smoke"}, checks=("body.length === 1", "body[0].id !== null")),
        Call("storage_remove", 200, {"prefixes": [NAME]}, checks=("body.length === 1",)),
    ),
    "Goodbye": (
        Call("delete_account", 204, {"password": "{{password}}"}),
        Call("me", 401, name="nobody any more"),
    ),
}


def collection(document: dict[str, Any]) -> dict[str, Any]:
    """The collection of an OpenAPI document."""
    operations = {
        each["operationId"]: (method.upper(), path, each)
        for path, methods in document["paths"].items()
        for method, each in methods.items()
    }
    folders = [
        {"name": name, "item": [item(call, *operations[call.operation], document) for call in calls]}
        for name, calls in FLOW.items()
    ]
    variables = {"baseUrl": "http://localhost:8080", "email": "smoke-{{$guid}}@example.org", "password": "{{$guid}}"}
    return {
        "info": {
            "name": "Slipway reference backend",
            "description": "What a release must answer through the front door. Made from its OpenAPI document.",
            "schema": SCHEMA,
        },
        "auth": TOKEN,
        "event": [event("prerequest", SETTLE)],
        "item": folders,
        "variable": [{"key": key, "value": value} for key, value in variables.items() if "$" not in value],
    }


# The account of one run.
SETTLE = """if (!pm.collectionVariables.has("email")) {
    pm.collectionVariables.set("email", pm.variables.replaceIn("smoke-{{$guid}}@example.org"));
    pm.collectionVariables.set("password", pm.variables.replaceIn("{{$guid}}"));
}"""


def item(call: Call, method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """One request with its check."""
    request: dict[str, Any] = {
        "method": method,
        "header": [],
        "url": "{{baseUrl}}" + filled(path) + (f"?{call.query}" if call.query else ""),
    }
    if not call.token:
        request["auth"] = NONE
    if call.body is not None:
        request["header"] = [{"key": "Content-Type", "value": "application/json"}]
        options = {"raw": {"language": "json"}}
        request["body"] = {"mode": "raw", "raw": json.dumps(call.body), "options": options}
    script = check(call, operation["responses"][str(call.status)], document)
    return {"name": call.name or operation["summary"], "event": [event("test", script)], "request": request}


def filled(path: str) -> str:
    """The path with values for its parameters."""
    values = {"{key}": "{{upload}}" if "/uploads/" in path else "{{task}}", "{bucket}": "files", "{name}": NAME}
    for name, value in {**values, "{number}": "1"}.items():
        path = path.replace(name, value)
    return path


def check(call: Call, promised: dict[str, Any], document: dict[str, Any]) -> str:
    """The script that proves an answer."""
    lines = [f'pm.test("{call.status} {promised["description"]}", function () {{']
    lines.append(f"    pm.response.to.have.status({call.status});")
    schemas = [each["schema"] for each in promised.get("content", {}).values() if each.get("schema")]
    if schemas:
        schema = inlined(schemas[0], document)
        lines.append(f"    pm.response.to.have.jsonSchema({json.dumps(schema, sort_keys=True)});")
    if call.save or call.checks:
        lines.append("    const body = pm.response.json();")
    lines += [f"    pm.expect({each}, {json.dumps(each)}).to.be.true;" for each in call.checks]
    lines += [f'    pm.collectionVariables.set("{name}", body.{place});' for name, place in call.save.items()]
    return "\n".join([*lines, "});"])


def inlined(schema: Any, document: dict[str, Any]) -> Any:
    """`schema` without references and without what only people read."""
    if isinstance(schema, list):
        return [inlined(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return inlined(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    words = ("title", "description", "examples", "default")
    kept = {name: value for name, value in schema.items() if name not in words or isinstance(value, dict)}
    return {name: inlined(value, document) for name, value in kept.items()}


def event(moment: str, script: str) -> dict[str, Any]:
    """A script of the collection or of a request."""
    return {"listen": moment, "script": {"type": "text/javascript", "exec": script.split("\n")}}


def text() -> str:
    """The collection as it is kept in the repository."""
    return json.dumps(collection(described().openapi()), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
