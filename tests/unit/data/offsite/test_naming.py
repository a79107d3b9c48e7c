"""What leaves and what it is called: names, parts, and the words for a store's failures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data.mirror.ledger import Ledger
from slipway.data.mirror.manifest import Entry, parse_line
from slipway.data.mirror.pool import Pool
from slipway.data.objects import failures, multipart
from slipway.data.offsite import naming
from slipway.data.offsite.naming import Names
from slipway.errors import BackupError

KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60) | st.sampled_from(
    ["../../etc/passwd", "/absolute", " ", "a//b", ".", "..", "\0", "CON", "a\nb", "日本/й", "%2e%2e"]
)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)


def entry(bucket: str, key: str, sha256: str | None = None) -> Entry:
    return Entry(bucket, key, 3, "etag", sha256, "text/plain", {"a": "b"}, "2026-11-25T17:40:35Z")


@given(KEYS, HEX)
def test_an_entry_survives_its_line_and_its_row_whatever_its_key(key: str, sha256: str):
    made = entry("b", key, sha256)
    assert made.line().count("\n") == 1 and parse_line(made.line().encode(), "here") == made
    with Ledger() as ledger:
        ledger.put(made)
        assert list(ledger.entries()) == [made]


@given(st.lists(KEYS, unique=True, max_size=20))
def test_entries_come_in_the_order_of_their_bytes_however_they_were_listed(keys: list[str]):
    with Ledger() as ledger:
        ledger.add("now", [entry("b", key) for key in keys])
        assert [found.key for found in ledger.entries()] == sorted(keys, key=str.encode)


@pytest.mark.parametrize("name", ["../" * 21 + "x", "A" * 64, "0" * 63, "/" * 64, ""])
def test_only_a_sha256_is_ever_joined_to_a_path(name: str):
    with pytest.raises(BackupError, match="sha256"):
        parse_line(entry("b", "k", name).line().encode(), "objects.jsonl:1")


def test_the_pool_has_what_is_there_by_name_and_size(tmp_path):
    pool = Pool(tmp_path)
    made = pool.take_in([b"some ", b"bytes"])
    assert not pool.has(made.sha256, 10)
    pool.keep(made)
    assert pool.has(made.sha256, 10) and not pool.has(made.sha256, 9) and not list(pool.leftovers())


@given(HEX, HEX)
def test_sealed_names_tell_nothing_and_hold_for_one_set_of_recipients(key: str, sha256: str):
    assert Names().of(sha256) == sha256
    one, two = Names(key, ("age1a", "age1b")), Names(key, ("age1b", "age1a"))
    assert one.of(sha256) == two.of(sha256) != Names(key, ("age1a",)).of(sha256)
    assert one.of(sha256).endswith(".age") and sha256 not in one.of(sha256)
    assert naming.of_backup(one.text(), "here") == one


def test_the_key_of_the_names_is_made_once_and_for_its_owner_alone(tmp_path):
    first = naming.mine(tmp_path, ("age1a",))
    assert first == naming.mine(tmp_path, ("age1a",)) and len(first.key) == 64
    assert (tmp_path / "pool.key").stat().st_mode & 0o077 == 0
    assert naming.mine(tmp_path, ()) == Names()
    (tmp_path / "pool.key").write_text("short")
    with pytest.raises(BackupError, match="damaged"):
        naming.mine(tmp_path, ("age1a",))


@given(st.integers(0, 6 * 2**40))
def test_parts_cover_a_file_exactly_and_are_few_enough(size: int):
    length = max(multipart.PART, -(-size // multipart.MOST))
    count = -(-size // length)
    assert count <= multipart.MOST
    if count < 50:
        found = list(multipart.parts(size))
        assert sum(part.size for part in found) == size and [part.number for part in found] == list(range(1, count + 1))
        assert all(part.start == (part.number - 1) * length for part in found)


def answer(code: str, message: str = "", status: int = 403) -> Exception:
    from botocore.exceptions import ClientError

    headers = {"date": "Wed, 25 Nov 2026 18:17:48 GMT"}
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
        },
        "PutObject",
    )


@pytest.mark.parametrize(
    ("error", "found", "then"),
    [
        (answer("RequestTimeTooSkewed"), "the store's clock says Wed, 25 Nov 2026", "set the clock"),
        (
            answer("AccessDenied", "the difference between the request time and"),
            "the store's clock says",
            "set the clock",
        ),
        (answer("AccessDenied"), "HTTP 403", "correct OFFSITE_S3_ACCESS_KEY"),
        (answer("403"), "HTTP 403", "correct OFFSITE_S3_ACCESS_KEY"),
        (answer("XMinioStorageFull", status=507), "HTTP 507", "make room at http://s3"),
        (answer("NoSuchBucket", status=404), "HTTP 404", "the next step"),
        (answer("SlowDown", status=503), "HTTP 503", "the next step"),
    ],
)
def test_each_failure_of_a_store_says_what_to_mend(error: Exception, found: str, then: str):
    told = failures.store_error(error, "off-site copy", failures.Store("OFFSITE_S3", "http://s3", "the next step"))
    assert found in told.found and told.next.startswith(then) and told.code == 7


def test_a_store_that_goes_silent_is_said_so():
    from botocore.exceptions import ReadTimeoutError

    told = failures.store_error(ReadTimeoutError(endpoint_url="http://s3"), "x", failures.Store("S3", "http://s3"))
    assert "went silent" in told.found
