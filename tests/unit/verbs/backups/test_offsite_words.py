"""The commands about copies: what they say, what they refuse, and that a backup is safe when its copy is not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slipway.data.backups.interface import Elsewhere, Here
from slipway.errors import BackupError, LockHeld, SettingsError
from slipway.plan import Silent
from slipway.recovery import offsite
from slipway.stack import contract
from slipway.verbs.backups import fetch
from slipway.verbs.backups import list as listing
from tests.unit.conftest import settings_of

RECIPIENT = "age1z8z2dr7ncphf0t0qs8aunhhn5dgkz7lj8qsd6ltxur8hxvzgk3lsx5z3xp"
OFFSITE = {
    "offsite_s3_bucket": "copies",
    "offsite_s3_endpoint": "https://s3.example.org",
    "offsite_s3_access_key": "5ecreT-away-1",
    "offsite_s3_secret_key": "5ecreT-away-2",
}


def env(error: Exception):
    def inside(*args):
        raise error

    return SimpleNamespace(engine=SimpleNamespace(inside=inside), flag=" --on live")


@pytest.mark.parametrize("error", [BackupError("x", "no room", "room", "make room"), LockHeld("x", "held", "", "wait")])
def test_a_copy_that_fails_says_that_the_backup_is_safe(error):
    with pytest.raises(BackupError) as caught:
        offsite.follow(env(error), "20261125T182247Z", Silent())
    assert caught.value.found == error.found and "the backup itself is complete" in caught.value.expected
    assert caught.value.next == f"{error.next}; then ./invoke backups.push 20261125T182247Z --on live"


def test_an_identity_file_is_read_or_refused_without_a_word_of_it(tmp_path):
    path = tmp_path / "key.txt"
    path.write_text("AGE-SECRET-KEY-1X\n")
    assert fetch.text_of(str(path)) == "AGE-SECRET-KEY-1X\n"
    path.write_bytes(b"\xff\xfe5ecreT")
    (tmp_path / "large").write_bytes(b"5ecreT" * 20_000)
    for name in (path, tmp_path / "large", tmp_path / "absent", tmp_path):
        with pytest.raises(SettingsError) as caught:
            fetch.text_of(str(name))
        assert caught.value.where == "--identity" and "5ecreT" not in str(caught.value.fields())


def test_the_list_says_where_each_backup_is_only_where_copies_are_made():
    here = Here(
        "20261125T182247Z",
        label="",
        kind="manual",
        parts=(),
        stack=None,
        environment=None,
        database=None,
        begun="2026-11-25T18:22:47Z",
        ended="2026-11-25T18:22:48Z",
        release=None,
        schema_version=None,
        server_version=None,
        proven=False,
        drill=None,
        objects=None,
        bytes=2048,
        tables=0,
        rows=0,
        where="both",
    )
    assert listing.line(here, True).startswith("both      2026") and listing.line(here, False).startswith("2026")
    there = Elsewhere("20261125T182247Z", False, 2048, True, (), False, "off-site")
    assert "encrypted; ./invoke backups.fetch 20261125T182247Z" in listing.line(there, True)


def test_copies_are_told_to_the_data_side_only_where_they_are_made():
    at, voice = contract.addresses(settings_of()), contract.in_clear
    plain, copied = settings_of(), settings_of(**OFFSITE, offsite_age_recipient=f"{RECIPIENT}, {RECIPIENT}")
    assert not [key for key in contract.ops(plain, at, voice(plain)) if key.startswith("OFFSITE")]
    told = contract.ops(copied, at, voice(copied))
    assert told["OFFSITE_AGE_RECIPIENT"] == f"{RECIPIENT},{RECIPIENT}" and "5ecreT" in told["OFFSITE_S3_SECRET_KEY"]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (OFFSITE | {"offsite_s3_endpoint": ""}, "OFFSITE_S3_ENDPOINT"),
        (OFFSITE | {"offsite_s3_secret_key": ""}, "OFFSITE_S3_SECRET_KEY"),
        (OFFSITE | {"offsite_age_recipient": "ssh-ed25519 AAAA"}, "offsite_age_recipient"),
        (OFFSITE | {"offsite_s3_prefix": "/rooted"}, "offsite_s3_prefix"),
        (OFFSITE | {"offsite_lock_mode": "hard"}, "offsite_lock_mode"),
    ],
)
def test_settings_of_copies_that_cannot_stand_are_refused(values, key):
    with pytest.raises(ValueError, match=key):
        settings_of(**values)
