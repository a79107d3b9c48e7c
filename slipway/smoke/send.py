"""One request of a collection on its way: address, headers, body and authorization as Postman makes them."""

from __future__ import annotations

import base64
import json
import mimetypes
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.auth import AuthBase, HTTPDigestAuth

from slipway.smoke.address import add_query, encode
from slipway.smoke.answer import describe_answer
from slipway.smoke.collection import values_of
from slipway.system import http
from slipway.system.trust import SystemTrust

LANGUAGES = {"json": "application/json", "xml": "application/xml", "html": "text/html"} | {
    "javascript": "application/javascript"
}
BARE = ("GET", "HEAD", "COPY", "PURGE", "UNLOCK")  # Postman sends these without their body
HOPS = 10
UNPACKED = re.compile(r"\s*(gzip|deflate|identity)\b", re.IGNORECASE)  # what answers are read in
OWN = {"User-Agent": "slipway-smoke", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}


class Elsewhere(Exception):
    """A request that leaves the front door; the text names where to, without path and query."""


@dataclass
class Sender:
    """Sends to one front door, as the address that users type, and keeps its cookies.

    `secrets` are the credentials that were sent.
    """

    base: str
    timeout: float
    folder: Path
    site: str = ""
    session: requests.Session = field(default_factory=requests.Session)
    secrets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.headers = requests.structures.CaseInsensitiveDict(OWN | http.terms(self.base, self.site))
        if self.site.startswith("https://"):
            # A cookie for HTTPS alone comes back, as to a gateway behind which the app is asked in plain.
            self.session.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("https", "http")))
        if self.base.startswith("https://"):
            self.session.mount("https://", SystemTrust())

    def send(self, filled: Mapping, behaviour: Mapping) -> dict:
        """The answer as scripts read it. Raises Elsewhere, OSError where none comes, ValueError for what HTTP forbids."""
        request = self.prepare_request(filled, behaviour)
        self.refuse_outside(request.url)
        hops = HOPS if behaviour.get("followRedirects", True) else 0
        answer = self.session.send(request, timeout=self.timeout, allow_redirects=False)
        spent = answer.elapsed.total_seconds()
        while hops and answer.next and self.is_inside(answer.next.url):
            answer.next.url = self.here(answer.next.url)
            answer = self.session.send(onward(request, answer), timeout=self.timeout, allow_redirects=False)
            spent, hops = spent + answer.elapsed.total_seconds(), hops - 1
        return describe_answer(answer, spent)

    def prepare_request(self, filled: Mapping, behaviour: Mapping) -> requests.PreparedRequest:
        address = filled["url"] if "://" in filled["url"] else f"http://{filled['url']}"
        headers = headers_of(filled.get("header") or [])
        content, more = {}, {}
        if filled["method"] not in BARE or behaviour.get("disableBodyPruning"):
            content, more = body(filled.get("body") or {}, self.folder)
        headers = merge_type(headers, more, (filled.get("body") or {}).get("mode") if content else None)
        address, headers, digest = self.authorize(filled.get("auth"), address, headers)
        headers = {key: value.encode().decode("latin-1") for key, value in headers.items()}  # bytes of UTF-8
        made = requests.Request(filled["method"], self.here(address), headers, auth=digest or Nobody(), **content)
        prepared = self.session.prepare_request(made)
        prepared.url = encode(self.here(address))  # requests would take ./ and ../ out of it
        # Anew: requests has chosen them from a copy without the policy of this jar.
        prepared.headers.pop("Cookie", None)
        prepared.prepare_cookies(self.session.cookies)
        own = next((value for name, value in headers.items() if name.lower() == "cookie"), "")
        if cookies := "; ".join(filter(None, (own, prepared.headers.get("Cookie")))):
            prepared.headers["Cookie"] = cookies
        return prepared

    def authorize(self, auth: Mapping | None, address: str, headers: dict) -> tuple[str, dict, AuthBase | None]:
        if not auth or auth["type"] == "noauth":
            return address, headers, None
        values = {key: str(value or "") for key, value in values_of(auth).items()}
        self.secrets |= {values[key] for key in ("token", "password", "value", "accessToken") if values.get(key)}
        if auth["type"] == "digest":
            return address, headers, HTTPDigestAuth(values.get("username", ""), values.get("password", ""))
        key, value, where = credential(auth["type"], values)
        self.secrets.add(value.rpartition(" ")[2])
        if where == "query":
            return add_query(address, key, value), headers, None
        return address, {name: old for name, old in headers.items() if name.lower() != key.lower()} | {key: value}, None

    def refuse_outside(self, address: str) -> None:
        if not self.is_inside(address):
            parts = urlsplit(address)
            raise Elsewhere(f"{parts.scheme}://{parts.hostname}")

    def is_inside(self, address: str) -> bool:
        return same_place(address, self.base) or bool(self.site and same_place(address, self.site))

    def here(self, address: str) -> str:
        """The same at the front door as this machine reaches it."""
        return self.base + address.removeprefix(self.site) if self.site and same_place(address, self.site) else address

    def cookies(self, address: str) -> dict[str, str]:
        """The cookies that a request to an address of the front door would bring."""
        place = self.here(address) if self.is_inside(address) else self.base
        asked = requests.Request("GET", place, http.terms(self.base, self.site))
        header = requests.cookies.get_cookie_header(self.session.cookies, asked.prepare()) or ""
        return dict(pair.split("=", 1) for pair in header.split("; ") if "=" in pair)


class Nobody(AuthBase):
    """No authorization but what the headers say: without it, requests takes one from the address."""

    def __call__(self, request):
        return request


def same_place(one: str | None, other: str) -> bool:
    here, there = urlsplit(one or ""), urlsplit(other)
    return (here.scheme, here.netloc) == (there.scheme, there.netloc)


def onward(request: requests.PreparedRequest, answer: requests.Response) -> requests.PreparedRequest:
    """The request that a redirect asks for: a GET without a body, but for 307 and 308."""
    following = answer.next
    if answer.status_code not in (307, 308) and request.method != "HEAD":
        following.method = "GET"
        following.body = None
        for name in ("Content-Length", "Content-Type", "Transfer-Encoding"):
            following.headers.pop(name, None)
    return following


def credential(kind: str, values: Mapping[str, str]) -> tuple[str, str, str]:
    """Name and value of what proves who asks, and whether it stands in the header or the query."""
    if kind == "basic":
        pair = f"{values.get('username', '')}:{values.get('password', '')}"
        return "Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}", "header"
    if kind == "apikey":
        return values.get("key", ""), values.get("value", ""), values.get("in", "header")
    if kind == "oauth2" and values.get("addTokenTo") == "queryParams":
        return "access_token", values["accessToken"], "query"
    prefix = values.get("headerPrefix", "").strip() or "Bearer"
    return "Authorization", f"{prefix} {values.get('token') or values.get('accessToken', '')}", "header"


def headers_of(listed: Sequence[Mapping]) -> dict[str, str]:
    """Headers by name. Those of one name become one, which means the same (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    names: dict[str, str] = {}
    for each in listed:
        if key := each.get("key"):
            name, value = names.setdefault(key.lower(), key), text_of(each.get("value")).strip()
            if key.lower() == "accept-encoding":
                value = ", ".join(filter(UNPACKED.match, value.split(","))) or "identity"
            found[name] = f"{found[name]}{'; ' if key.lower() == 'cookie' else ', '}{value}" if name in found else value
    return found


def merge_type(headers: dict, more: Mapping[str, str], mode: str | None) -> dict:
    """The headers with those of the body; the type of a form is its own, whatever the collection calls it."""
    if mode in ("formdata", "urlencoded"):
        headers = {key: value for key, value in headers.items() if key.lower() != "content-type"}
    present = {key.lower() for key in headers}
    return headers | {key: value for key, value in more.items() if key.lower() not in present}


def body(raw: Mapping, folder: Path) -> tuple[dict, dict[str, str]]:
    """A body in the words of requests, and the headers that come with it."""
    mode = raw.get("mode")
    if raw.get("disabled") or mode is None or raw.get(mode) in (None, "", []):
        return {}, {}
    if mode == "raw":
        language = ((raw.get("options") or {}).get("raw") or {}).get("language", "text")
        return {"data": str(raw["raw"]).encode()}, {"Content-Type": LANGUAGES.get(language, "text/plain")}
    if mode == "graphql":
        return {"data": graphql(raw["graphql"]).encode()}, {"Content-Type": "application/json"}
    if mode == "file":
        path = folder / raw["file"]["src"]
        return {"data": path.read_bytes()}, {"Content-Type": guess_type(path)}
    fields = [each for each in raw[mode] if not each.get("disabled")]
    if mode == "urlencoded":
        pairs = [(each["key"], text_of(each.get("value"))) for each in fields]
        return {"data": urlencode(pairs, quote_via=quote, safe="").encode()}, {
            "Content-Type": "application/x-www-form-urlencoded"
        }
    return {"files": [part for each in fields for part in parts(each, folder)]}, {}


def parts(field: Mapping, folder: Path) -> list[tuple]:
    """A field of a form, or each file of one."""
    kind = field.get("contentType") or None
    if field.get("type") != "file":
        return [(field["key"], (None, text_of(field.get("value")), kind))]
    sources = field["src"] if isinstance(field.get("src"), list) else [field.get("src") or ""]
    paths = [folder / source for source in sources]
    return [
        (field["key"], (field.get("fileName") or path.name, path.read_bytes(), kind or guess_type(path)))
        for path in paths
    ]


def guess_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def text_of(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def graphql(query: Mapping) -> str:
    """The query as JSON; variables that are a text already are JSON as they stand."""
    known = ("query", "operationName", "variables")
    given = {key: query[key] for key in known if query.get(key) is not None and (key, query[key]) != ("variables", "")}
    return "{" + ",".join(f'"{key}":{json_of(key, value)}' for key, value in given.items()) + "}"


def json_of(key: str, value: object) -> str:
    if key == "variables" and isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
