"""The one door: its verbs, its errors, and its lines on standard output."""

from __future__ import annotations

import errno
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest

from slipway.data import records
from slipway.data.objects import features
from slipway.data.verb import Verb
from slipway.errors import GateError, SettingsError
from slipway.ops import __main__ as door
from slipway.ops import verbs

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("verb", verbs.VERBS)
def test_every_verb_of_the_table_exists_and_takes_and_gives_what_it_says(verb: str) -> None:
    found = verbs.find(verb)
    work = found.function()
    told = get_type_hints(work)
    assert found.name == verb
    assert told[list(inspect.signature(work).parameters)[1]] is found.takes and issubclass(told["return"], found.gives)


def test_to_ask_costs_no_driver_of_a_store() -> None:
    rooms = sorted({place.split(":")[0] for place in verbs.VERBS.values()})
    drivers = {"psycopg", "redis", "boto3", "botocore"}
    code = f"import sys, {', '.join(rooms)}; print(*sorted({drivers} & sys.modules.keys()))"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""


def test_an_unknown_verb_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(SettingsError) as caught:
        verbs.run("gate.postgress", {}, {}, lambda event: None)
    assert caught.value.expected == "gate.postgres"


@pytest.mark.parametrize(
    ("argv", "where"),
    [
        ([], "python -m slipway.ops"),
        (["observe", "{"], "arguments of observe"),
        (["observe", "[]"], "arguments of observe"),
        (["gate.redis"], "REDIS_URL"),
        (["buckets"], "S3_ENDPOINT"),
        (["gate.app"], "APP_URL"),
        (["roles"], "ADMIN_DATABASE_URL"),
        (["gate.postgres"], "MIGRATE_DATABASE_URL"),
        (["migrate", '{"by": "", "release": ""}'], "MIGRATE_DATABASE_URL"),
        (["migrate"], "arguments of migrate"),
        (["observe", '{"all": true}'], "arguments of observe"),
    ],
)
def test_bad_calls_end_in_one_error_line_and_code_2(
    argv: list[str], where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert door.main(argv, {}) == 2
    (line,) = capsys.readouterr().out.splitlines()
    event = json.loads(line)
    assert event["event"] == "error" and event["error"]["kind"] == "settings" and event["error"]["where"] == where


def test_it_answers_by_the_name_that_tools_of_any_version_call_it() -> None:
    said = [
        subprocess.run([sys.executable, "-m", name, "gate.postgress"], cwd=ROOT, capture_output=True, text=True)
        for name in ("slipway.ops", "slipway.data")
    ]
    assert said[0].stdout == said[1].stdout and "gate.postgres" in said[1].stdout
    assert said[0].returncode == said[1].returncode != 0


def test_secrets_are_masked_in_errors_and_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(ends, args, emit):
        emit({"event": "progress", "text": "using hush-hush"})
        raise GateError("redis gate", "hush-hush refused", log=("AUTH hush-hush",))

    monkeypatch.setattr(Verb, "function", lambda verb: leaky)
    events: list[dict] = []
    with pytest.raises(GateError) as caught:
        verbs.run("gate.redis", {}, {"S3_SECRET_KEY": "hush-hush"}, events.append)
    assert "hush" not in json.dumps([events, caught.value.fields()]) and caught.value.found == "••• refused"


def test_a_fault_of_ours_is_reported_with_class_and_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(ends, args, emit):
        raise ZeroDivisionError("by hush-hush")

    monkeypatch.setattr(Verb, "function", lambda verb: broken)
    assert door.main(["observe"], {"S3_SECRET_KEY": "hush-hush"}) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["where"].startswith("ZeroDivisionError at ") and error["found"] == "by •••"
    assert error["next"] == "report this with ./invoke logs -s ops"


def test_a_full_disk_is_no_fault_of_ours_and_leaves_the_record_that_was_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def writing(ends, args, emit):
        records.write(tmp_path, "one", {"n": 2})

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    records.write(tmp_path, "one", {"n": 1})
    monkeypatch.setattr(Verb, "function", lambda verb: writing)
    monkeypatch.setattr(os, "fsync", full)
    assert door.main(["observe"], {}) == 9
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["found"] == "No space left on device" and "./invoke doctor" in error["next"]
    assert [path.name for path in tmp_path.iterdir()] == ["one.json"] and records.read(tmp_path, "one") == {"n": 1}


@pytest.mark.parametrize(("wanted", "expected"), [("versionning", "versioning"), ("tag", "tagging")])
def test_a_misspelt_feature_is_refused_with_the_nearest_one(wanted: str, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        features.check_names([wanted])
    assert caught.value.expected == expected


def test_a_lacking_feature_is_refused_with_reason_and_who_has_it() -> None:
    found = {name: {"ok": True, "reason": ""} for name in features.CORE}
    features.refuse_lacking(found, (), "rclone")
    with pytest.raises(GateError) as caught:
        features.refuse_lacking(found | {"versioning": {"ok": False, "reason": "HTTP 501"}}, ("versioning",), "rclone")
    assert caught.value.found == "lacks versioning: HTTP 501" and "minio, rustfs" in caught.value.next


def test_a_lacking_core_feature_is_refused_though_nobody_asked() -> None:
    found = {name: {"ok": name != "presign", "reason": "HTTP 403"} for name in features.CORE}
    with pytest.raises(GateError, match="lacks presign: HTTP 403"):
        features.refuse_lacking(found, (), "external")


def test_records_are_kept_whole_and_from_others(tmp_path) -> None:
    records.write(tmp_path / "state", "objects", {"a": 1})
    records.write(tmp_path / "state", "objects", {"a": 2})
    (tmp_path / "state" / "broken.json").write_text("{")
    assert records.read_all(tmp_path / "state") == ({"objects": {"a": 2}}, ["broken.json is not a JSON record"])
    assert (tmp_path / "state" / "objects.json").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["broken.json", "objects.json"]


def test_a_state_directory_that_cannot_be_written_is_said(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError) as caught:
        records.write(tmp_path / "file" / "below", "objects", {})
    assert caught.value.where == "STATE_DIR"
