"""Addresses and requests of Supabase's storage: public, signed and authenticated, forms, and its shape of refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import jwt
import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.support.waiting import until

OLD = "/storage/v1/object"


@pytest.fixture
def name(call: Callable[..., Any]) -> Iterator[str]:
    """An object of the demo user's in the default bucket."""
    place = f"{uuid4()}/page.html"
    assert call("POST", f"{OLD}/files/{place}", raw=b"<p>hi</p>", kind="text/html").status == 200
    yield place
    call("DELETE", f"{OLD}/files", {"prefixes": [place]})


@pytest.fixture
def open_bucket(stack: Any, call: Callable[..., Any], name: str) -> Iterator[str]:
    """A public bucket, into which whoever has signed in may put files in folders, and see none."""
    bucket = f"Open {uuid4()}!"
    with psycopg.connect(stack.migrate_url) as sql:
        sql.execute("INSERT INTO storage.buckets (id, name, public) VALUES (%s, %s, true)", [bucket, bucket])
        sql.execute(
            "CREATE POLICY of_the_test ON storage.objects FOR INSERT TO authenticated "
            "WITH CHECK (bucket_id LIKE 'Open %' AND cardinality(storage.foldername(name)) = 1)"
        )
    yield bucket.replace(" ", "%20")
    with psycopg.connect(stack.migrate_url) as sql:
        sql.execute("DROP POLICY of_the_test ON storage.objects")
        sql.execute("DELETE FROM storage.objects WHERE bucket_id = %s", [bucket])
        sql.execute("DELETE FROM storage.buckets WHERE id = %s", [bucket])


def refusal(reply: Any) -> tuple[int, str]:
    """Status and name of a refusal that has storage-js's shape."""
    assert set(reply.body) == {"statusCode", "error", "message"} and reply.body["statusCode"] == str(reply.status)
    return reply.status, reply.body["error"]


def test_without_the_database_there_is_503_in_the_same_shape(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], ask: Any
) -> None:
    between, url = relay(stack.env["DATABASE_URL"])
    mine = ask(start_app(DATABASE_URL=url))
    between.cut()
    asked = [
        mine("GET", f"{OLD}/public/files/a/b"),
        mine("GET", f"{OLD}/authenticated/files/a/b"),
        mine("POST", f"{OLD}/list/files", {"prefix": ""}),
        mine("POST", f"{OLD}/files/a/b", raw=b"x", kind="text/plain"),
    ]
    assert {refusal(each) for each in asked} == {(503, "InternalError")}


@pytest.mark.parametrize("told", ["text/html\r\nSet-Cookie: a=b", "текст/plain", "a\0b", "x", ["text/html"]])
def test_a_row_of_elsewhere_puts_nothing_odd_into_a_header(
    stack: Any, call: Callable[..., Any], name: str, told: Any
) -> None:
    odd = {"mimetype": told, "cacheControl": told, "eTag": told}
    with psycopg.connect(stack.migrate_url) as sql:
        change = "UPDATE storage.objects SET metadata = metadata || %s WHERE name = %s"
        sql.execute(change, [Jsonb({key: value for key, value in odd.items() if "\0" not in value}), name])
    found = call("GET", f"{OLD}/authenticated/files/{name}")
    assert found.status == 200 and found.body == b"<p>hi</p>" and "set-cookie" not in found.headers


@pytest.mark.parametrize("name_of_file", ["a%0d%0aSet-Cookie:%20a=b", "%22;%20filename=evil.exe", "ж", "%ff"])
def test_the_name_that_a_download_is_to_have_is_no_way_into_a_header(
    call: Callable[..., Any], name: str, name_of_file: str
) -> None:
    found = call("GET", f"{OLD}/authenticated/files/{name}?download={quote(name_of_file, safe='%')}")
    told = found.headers["content-disposition"]
    assert found.status == 200 and "set-cookie" not in found.headers
    assert re.fullmatch(r"attachment; filename\*=UTF-8''[A-Za-z0-9%._~-]+", told)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_public_bucket_is_read_by_anybody_at_its_public_address_alone(
    call: Callable[..., Any], open_bucket: str, name: str, method: str
) -> None:
    made = call("POST", f"{OLD}/{open_bucket}/{name}", raw=b"open", kind="text/plain")
    assert made.status == 200, made.body
    assert call("POST", f"{OLD}/{open_bucket}/{name}", raw=b"open", kind="text/plain").status == 409
    assert call("POST", f"{OLD}/{open_bucket}/in-no-folder", raw=b"", kind="text/plain").status == 403
    found = call(method, f"{OLD}/public/{open_bucket}/{name}", token=None)
    assert (found.status, found.body) == (200, b"open" if method == "GET" else b"")
    assert found.headers["content-type"] == "text/plain" and found.headers["cache-control"] == "no-cache"
    for place in ("", "authenticated/"):
        assert call(method, f"{OLD}/{place}{open_bucket}/{name}", token=None).status == 403
    assert call("GET", f"{OLD}/authenticated/{open_bucket}/{name}").status == 404


def test_a_private_bucket_has_no_public_address(call: Callable[..., Any], name: str) -> None:
    for token in (None, "x"):
        assert refusal(call("GET", f"{OLD}/public/files/{name}", token=token)) == (404, "not_found")
    assert refusal(call("GET", f"{OLD}/files/{name}", token="x")) == (403, "Unauthorized")


def test_what_a_browser_makes_of_a_file_cannot_act_as_this_site(call: Callable[..., Any], name: str) -> None:
    found = call("GET", f"{OLD}/files/{name}")
    assert (found.status, found.body) == (200, b"<p>hi</p>")
    assert (
        found.headers["content-security-policy"] == "sandbox" and found.headers["x-content-type-options"] == "nosniff"
    )


def test_a_signed_address_is_good_for_its_object_until_it_ends(call: Callable[..., Any], name: str) -> None:
    made = call("POST", f"{OLD}/sign/files/{name}", {"expiresIn": 60}).body["signedURL"]
    assert call("GET", f"/storage/v1{made}", token=None).body == b"<p>hi</p>"
    query = made.partition("?")[2]
    assert refusal(call("GET", f"{OLD}/sign/files/x{name}?{query}", token=None)) == (400, "InvalidJWT")
    short = call("POST", f"{OLD}/sign/files/{name}", {"expiresIn": 1}).body["signedURL"]
    gone = until(
        lambda: (reply := call("GET", f"/storage/v1{short}", token=None)).status != 200 and reply, "the address ends"
    )
    assert refusal(gone) == (400, "InvalidJWT") and "expired" in gone.body["message"]
    several = call("POST", f"{OLD}/sign/files", {"expiresIn": 60, "paths": [name, "nothing"]}).body
    assert [bool(each["signedURL"]) for each in several] == [True, False] and several[1]["error"]


SECRET = "a secret of the project that was before"


def forged(claims: dict[str, Any], secret: str = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, secret, algorithm=algorithm)


def test_addresses_of_before_are_good_with_the_secret_of_before(
    start_app: Callable[..., Any], call: Callable[..., Any], name: str
) -> None:
    from tests.support.backend_process import send

    app = start_app(STORAGE_URL_SECRET=SECRET)
    place, far = f"{OLD}/sign/files/{name}?token=", 4_000_000_000
    whole = {"url": f"files/{name}", "iat": 1, "exp": far}
    assert send(app.url, "GET", place + forged(whole)).body == b"<p>hi</p>"
    tokens = [
        forged(whole, "another secret, which nobody here accepts"),
        forged({**whole, "exp": 1}),
        forged({**whole, "url": f"files/x{name}"}),
        forged({**whole, "scope": "upload"}),
        forged({"url": f"files/{name}"}),
        forged({"sub": "x", "exp": far}),
        forged(whole, "", "none"),
        forged(whole)[:-3],
        "",
        "x" * 5000,
    ]
    assert {refusal(send(app.url, "GET", place + each)) for each in tokens} == {(400, "InvalidJWT")}


def form(content: bytes, before: dict[str, str], border: str = "----border") -> dict[str, Any]:
    """A form as browsers send it: fields, then the file."""
    fields = "".join(
        f'--{border}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in before.items()
    )
    head = f'--{border}\r\nContent-Disposition: form-data; name=""; filename="x.png"\r\nContent-Type: image/png\r\n\r\n'
    raw = (fields + head).encode() + content + f"\r\n--{border}--\r\n".encode()
    return {"raw": raw, "kind": f"multipart/form-data; boundary={border}"}


@pytest.mark.parametrize("content", [b"", b"\r\n------border", b"\r\n--\r\n" * 40_000, bytes(range(256)) * 4000])
def test_a_file_in_a_form_is_stored(call: Callable[..., Any], content: bytes) -> None:
    place = f"{uuid4()}.png"
    sent = form(content, {"cacheControl": "3600", "metadata": "{}"}, "----other")
    assert call("POST", f"{OLD}/files/{place}", **sent).status == 200
    found = call("GET", f"{OLD}/authenticated/files/{place}")
    assert (found.body, found.headers["content-type"]) == (content, "image/png")
    listed = call("POST", f"{OLD}/list/files", {"search": place}).body
    assert [(each["name"], each["metadata"]["cacheControl"]) for each in listed] == [(place, "max-age=3600")]
    call("DELETE", f"{OLD}/files", {"prefixes": [place]})


@pytest.mark.parametrize(
    "change", [lambda raw: raw[:-4] + b"xx\r\n", lambda raw: raw[4:], lambda raw: raw[: raw.index(b"filename")]]
)
def test_a_broken_form_is_refused_and_stores_nothing(call: Callable[..., Any], change: Callable[..., bytes]) -> None:
    place, sent = f"{uuid4()}.png", form(b"abc", {})
    refused = call("POST", f"{OLD}/files/{place}", raw=change(sent["raw"]), kind=sent["kind"])
    assert refused.status == 400 and call("GET", f"{OLD}/files/{place}").status == 404


def test_a_folder_is_listed_as_a_folder(call: Callable[..., Any]) -> None:
    top = str(uuid4())
    for each in ("b.txt", "a/one.txt", "a/two.txt"):
        call("POST", f"{OLD}/files/{top}/{each}", raw=b"x", kind="text/plain")
    entries = call("POST", f"{OLD}/list/files", {"prefix": top}).body
    assert [(each["name"], each["id"] is None) for each in entries] == [("a", True), ("b.txt", False)]
    two = call("POST", f"{OLD}/list/files", {"prefix": f"{top}/a/", "limit": 1, "offset": 1}).body
    assert [each["name"] for each in two] == ["two.txt"] and two[0]["metadata"]["size"] == 1
    names = [f"{top}/b.txt", f"{top}/a/one.txt", f"{top}/a/two.txt", f"{top}/none"]
    removed = call("DELETE", f"{OLD}/files", {"prefixes": names}).body
    assert {each["name"] for each in removed} == set(names[:3])


def test_storing_twice_needs_upsert(call: Callable[..., Any], name: str) -> None:
    again = {"raw": b"2", "kind": "text/plain"}
    assert refusal(call("POST", f"{OLD}/files/{name}", **again)) == (409, "Duplicate")
    assert call("POST", f"{OLD}/files/{name}", **again, headers={"x-upsert": "true"}).status == 200
    assert call("GET", f"{OLD}/files/{name}").body == b"2"
    assert call("PUT", f"{OLD}/files/{name}", raw=b"3", kind="text/plain").status == 200
    assert call("GET", f"{OLD}/files/{name}").body == b"3"


@pytest.mark.parametrize("told", [{"kind": "no type"}, {"headers": {"Cache-Control": "x;y"}, "kind": "a/b"}])
def test_what_cannot_be_said_of_a_file_is_refused(call: Callable[..., Any], told: dict[str, Any]) -> None:
    assert refusal(call("POST", f"{OLD}/files/{uuid4()}", raw=b"x", **told))[0] == 400


def test_more_than_50_mib_are_refused(call: Callable[..., Any]) -> None:
    place = f"{OLD}/files/{uuid4()}"
    assert refusal(call("POST", place, raw=b"x" * (50 * 1024**2 + 64 * 1024 + 1)))[0] == 413
    assert call("GET", place).status == 404
