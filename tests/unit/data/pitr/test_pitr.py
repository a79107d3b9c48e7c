"""The archive without a service: what pgBackRest's answers mean, which moments are in reach, what is behind, what is due."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data import endpoints
from slipway.data.endpoints import Archive
from slipway.data.pitr import archive, asking, establish, gaps, info, program, server, status, window
from slipway.data.pitr import backup as backups
from slipway.data.pitr.info import Backup, Report, Repository
from slipway.engine import pick
from slipway.errors import BackupError, SettingsError
from slipway.stack import model, pitr
from slipway.stack.contract import addresses, in_clear
from slipway.stack.voice import REFERENCES
from slipway.verbs import restore as verb
from tests.unit.conftest import settings_of

SYSTEM = 7712168619386437661
NO_BUCKET = (
    "[ProtocolError] HTTP request failed with 404 (Not Found):\n*** Path/Query ***:\nGET /proto-pitr/\n"
    "<Error>\n  <Code>NoSuchBucket</Code>\n</Error>"
)
DOWN = "[HostConnectError] unable to get address for 'objects': [-3] Temporary failure in name resolution"


def entry(
    label: str, ended: int, repository: int = 1, db: int = 1, wal: str = "000000010000000000000003", **values
) -> dict:
    return {
        "archive": {"start": wal, "stop": wal},
        "database": {"id": db, "repo-key": repository},
        "error": False,
        "info": {"repository": {"delta": 3, "size": 4}, "size": 9},
        "label": label,
        "lsn": {"start": "0/3000028", "stop": "0/4000050"},
        "timestamp": {"start": ended - 1, "stop": ended},
        "type": {"F": "full", "D": "diff"}[label[-1]],
    } | values


def answer(
    *found: dict,
    codes: tuple = ((1, 0, "ok"),),
    dbs: tuple = ((1, SYSTEM),),
    newest: str = "0" * 24,
    systems: dict | None = None,
) -> str:
    repositories = [{"key": key, "status": {"code": code, "message": text}} for key, code, text in codes]
    keys = [each["key"] for each in repositories]
    return json.dumps(
        [
            {"name": "other"},
            {
                "name": "s",
                "archive": [
                    {"database": {"id": number, "repo-key": key}, "id": f"18-{number}", "max": newest}
                    for number, _ in dbs
                    for key in keys
                ],
                "db": [
                    {"id": number, "repo-key": key, "system-id": (systems or {}).get(key, system)}
                    for number, system in dbs
                    for key in keys
                ],
                "backup": list(found),
                "repo": repositories,
                "status": {"code": max(code for _, code, _ in codes)},
            },
        ]
    )


# pgBackRest's answer -> exists, labels, what is wrong
ANSWERS = {
    "as it should be": (answer(entry("1F", 100), entry("1F_2D", 200)), True, ["1F", "1F_2D"], []),
    "never used": (
        answer(codes=((1, 1, "missing stanza path"),), dbs=()),
        False,
        [],
        ["repository 1: nothing was ever archived there"],
    ),
    "no backup": (answer(codes=((1, 2, "no valid backups"),)), True, [], ["repository 1: no backup yet"]),
    "no bucket": (answer(codes=((1, 99, NO_BUCKET),), dbs=()), False, [], ["repository 1: its bucket does not exist"]),
    "down": (answer(codes=((1, 99, DOWN),), dbs=()), False, [], ["repository 1: the store does not answer"]),
    "other": (answer(codes=((1, 99, "[X] one\ntwo"),), dbs=()), False, [], ["repository 1: [X] one"]),
    "one of two down": (
        answer(entry("1F", 100), codes=((1, 0, "ok"), (2, 99, DOWN))),
        True,
        ["1F"],
        ["repository 2: the store does not answer"],
    ),
    "the same backup in two": (
        answer(entry("1F", 100), entry("1F", 100, 2), codes=((1, 0, "ok"), (2, 0, "ok"))),
        True,
        ["1F"],
        [],
    ),
    "a cluster of before": (
        answer(entry("1F", 100, db=1), entry("2F", 200, db=2), dbs=((1, 5), (2, SYSTEM))),
        True,
        ["2F"],
        [],
    ),
    "one of two is of a fresh cluster": (
        answer(
            entry("1F", 100, 2), codes=((1, 2, "no valid backups"), (2, 0, "ok")), dbs=((1, SYSTEM),), systems={1: 5}
        ),
        True,
        ["1F"],
        ["repository 1: no backup yet"],
    ),
    "no such stanza": ("[]", False, [], []),
}


@pytest.mark.parametrize(("text", "exists", "labels", "problems"), ANSWERS.values(), ids=ANSWERS)
def test_what_an_answer_means(text, exists, labels, problems):
    found = info.parse(text, "s")
    assert (found.exists, [each.label for each in found.backups], found.problems()) == (exists, labels, problems)


def test_a_backup_is_in_every_repository_that_lists_it():
    (found,) = info.parse(ANSWERS["the same backup in two"][0], "s").backups
    assert (found.repositories, found.timeline, found.stop_lsn) == ((1, 2), 1, 0x4000050)


@pytest.mark.parametrize("text", ["", "null", "{", '[{"name": "s"}]', "ERROR: [049]"])
def test_what_is_no_answer_is_an_error(text):
    with pytest.raises(BackupError, match="no report"):
        info.parse(text, "s")


# -- moments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22 10:15:00+00", datetime(2026, 11, 22, 10, 15, tzinfo=UTC)),
        ("2026-11-22T10:15:00Z", datetime(2026, 11, 22, 10, 15, tzinfo=UTC)),
        (" 2026-11-22 12:15:00.5+02:00 ", datetime(2026, 11, 22, 10, 15, 0, 500000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_with_its_time_zone(text, moment):
    assert window.moment(text) == moment.timestamp()


@pytest.mark.parametrize("other", ["backup", "into", "tables", "schema_only", "only", "mask", "folder"])
def test_a_moment_is_one_of_the_whole_cluster(other):
    with pytest.raises(SettingsError, match=f"{other.replace('_', '-')} as well"):
        verb.moment("local", None, "latest", True, 0, {"drop_old": True, other: "x"})


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22", "2026-11-22 10:15:00", "10:15", "2026-13-01 00:00+00"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(SettingsError, match="--at"):
        window.moment(text)


def test_latest_is_a_moment():
    assert window.moment("latest") is None


@given(st.integers(0, 4 * 10**9), st.integers(0, 999999))
def test_a_moment_is_told_so_that_it_is_read_back(seconds, micro):
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro).timestamp()
    assert window.moment(window.format_moment(moment) + "+00") == window.moment(window.exact(moment)) == moment


def of(label: str, ended: int, timeline: int = 1, stop: int = 0, error: bool = False, begun: int = 0) -> Backup:
    return Backup(
        label,
        "full" if label.endswith("F") else "diff",
        begun or ended - 1,
        ended,
        f"{timeline:08X}{'0' * 16}",
        stop,
        9,
        3,
        (1,),
        error,
    )


HISTORIES = st.lists(
    st.builds(
        of, st.sampled_from(["aF", "bF", "cD"]), st.integers(0, 50), st.integers(1, 3), st.integers(0, 9), st.booleans()
    ),
    max_size=8,
).map(tuple)


@given(HISTORIES, st.integers(-1, 60), st.dictionaries(st.integers(1, 2), st.integers(0, 9)))
def test_the_backup_for_a_moment_is_the_newest_good_one_of_its_history_that_ended_before(found, target, left):
    usable = window.usable(Report(backups=found), left, 3)
    chosen = window.choose(usable, target)
    sound = [
        each
        for each in found
        if not each.error
        and each.ended <= target
        and (each.timeline == 3 or each.stop_lsn <= left.get(each.timeline, -1))
    ]
    assert (chosen is None) == (not sound)
    if chosen:
        assert chosen in sound and chosen.ended == max(each.ended for each in sound)


@pytest.mark.parametrize(
    ("found", "newest", "timeline"),
    [
        ({"system": "7", "timeline": 3}, "00000004" + "0" * 16, 3),  # 4 was given up: the server is in 3
        ({"system": "8", "timeline": 1}, "00000004" + "0" * 16, 4),  # a fresh one in the place of a lost one
        ({"reason": "down"}, "00000004" + "0" * 16, 4),
        ({"reason": "down"}, "", 1),
    ],
)
def test_a_moment_is_one_of_the_present_history_and_not_of_the_newest_that_is_archived(found, newest, timeline):
    report = Report((Repository(1, 0, "ok", newest, "7"), Repository(2, 0, "ok", "F" * 24, "8")), system="7")
    assert asking.present(found, report) == timeline


def test_a_history_file_tells_where_timelines_were_left():
    text = "1\t0/507E620\tbefore 2026-11-25 17:53:47.482295+00\n\n2\t1/A\tno recovery target specified\n"
    assert window.forks(text) == {1: 0x507E620, 2: 0x10000000A}
    assert window.forks("") == {}


# -- behind, due -------------------------------------------------------------------------------------------------

SOUND = {
    "mode": "on",
    "command": pitr.ARCHIVE,
    "recovering": False,
    "system": "7",
    "timeline": 2,
    "ready": 0,
    "lag": 0.0,
    "wal_bytes": 2**24,
    "last_wal": "0" * 24,
    "last_at": 1.0,
    "age": 5000.0,
    "last_change": 1.0,
    "now": 5001.0,
}


@pytest.mark.parametrize(
    ("change", "timeout", "words"),
    [
        ({}, 60, ""),
        ({"lag": 179.0, "ready": 2}, 60, ""),
        (
            {"lag": 181.0, "ready": 2},
            60,
            "changes wait for the archive since 3 min (2 segments); the last one got there 83 min",
        ),
        ({"lag": 80.0, "ready": 20}, 5, ""),
        ({"lag": 95.0, "ready": 2, "last_wal": None, "age": None}, 5, "none ever got there"),
        ({"mode": "off"}, 60, "does not archive"),
        ({"command": "cp %p /elsewhere"}, 60, "does not archive"),
    ],
)
def test_archiving_fails_by_how_long_a_change_has_waited(change, timeout, words):
    found = archive.problems(SOUND | change, timeout)
    assert bool(found) == bool(words) and words in "".join(found)


def test_a_server_that_cannot_be_asked_is_a_problem():
    assert archive.problems({"reason": "refused"}, 60) == ["the server cannot be asked: refused"]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({}, "not proven yet"),
        ({"stanza": "s", "bucket": "other"}, "not proven yet"),
        ({"stanza": "s", "bucket": "b", "server": "8"}, "another cluster"),
        ({"stanza": "s", "bucket": "b", "server": "7", "timeline": 1}, "no physical backup of this timeline"),
        ({"stanza": "s", "bucket": "b", "server": "7", "timeline": 2}, ""),
    ],
)
def test_a_proof_holds_for_the_archive_the_cluster_and_the_timeline_that_it_was_made_with(record, words):
    ends = endpoints.read({"PITR_STANZA": "s", "PITR_BUCKET": "b"})
    found = archive.unproven(SOUND, record, ends)
    assert bool(found) == bool(words) and words in "".join(found)


@pytest.mark.parametrize(
    ("newest", "last", "words"),
    [
        ("0" * 23 + "5", "0" * 23 + "5", ""),
        ("0" * 23 + "6", "0" * 23 + "5", ""),
        ("0" * 23 + "4", "0" * 23 + "5", "dropped"),
        ("0" * 24, "00000002.history", ""),
        ("", None, ""),
    ],
)
def test_a_segment_that_was_dropped_on_its_way_is_a_problem(newest, last, words):
    report = Report((Repository(1, 0, "ok", newest, "7"),), system="7")
    found = status.disagreements(report, SOUND | {"last_wal": last})
    assert bool(found) == bool(words) and words in "".join(found)


def name(number: int, timeline: int = 1) -> str:
    return f"{timeline:08X}{number // 256:08X}{number % 256:08X}"


@given(st.integers(0, 900), st.sets(st.integers(0, 600), max_size=9), st.integers(0, 600))
def test_every_segment_that_is_not_there_is_a_gap_and_what_is_no_segment_fills_none(begin, lost, length):
    files = [f"{name(begin + each)}-{'0' * 40}.zst" for each in range(length + 1) if each not in lost]
    noise = [f"{name(begin + each, 2)}-x" for each in lost] + [f"{name(begin)}.00000028.backup"]
    assert gaps.count_missing(files + noise, name(begin), name(begin + length)) == len(
        [each for each in lost if each <= length]
    )
    assert {file[:16] for file in files} <= set(gaps.folders(name(begin), name(begin + length)))


DAY, HOUR, NOW = 86400, 3600, 100 * 86400


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([], "full"),
        ([of("aF", NOW, begun=NOW - 8 * DAY)], "full"),
        ([of("aF", NOW, begun=NOW - 7 * DAY)], "full"),
        ([of("aF", NOW, begun=NOW - 2 * DAY)], "diff"),
        ([of("aF", NOW, begun=NOW - 2 * DAY), of("bD", NOW, begun=NOW - 25 * HOUR)], "diff"),
        ([of("aF", NOW, begun=NOW - 2 * DAY), of("bD", NOW, begun=NOW - HOUR)], ""),
        ([of("aF", NOW, begun=NOW - 8 * DAY), of("bD", NOW, begun=NOW - HOUR)], "full"),
    ],
)
def test_a_backup_is_due_by_the_age_of_the_last_ones_however_long_nobody_looked(found, kind):
    assert backups.due(found, Archive(), NOW) == kind


@pytest.mark.parametrize(
    ("found", "timeline"),
    [([], 0), ([of("aF", 1)], 1), ([of("aF", 1, 2), of("bF", 2, 1)], 2), ([of("aF", 1, 2, error=True)], 0)],
)
def test_a_timeline_is_covered_when_every_repository_has_a_backup_of_it(found, timeline):
    one, other = Repository(1, 0, "ok"), Repository(2, 0, "ok")
    assert establish.covered_timeline(Report((one,), tuple(found))) == timeline
    assert establish.covered_timeline(Report((one, other), tuple(found))) == 0


# -- what is told ------------------------------------------------------------------------------------------------

TWICE = {
    "pitr_repo2_endpoint": "https://s3.example.org",
    "pitr_repo2_bucket": "far",
    "pitr_repo2_access_key": "5ecreT-key",
    "pitr_repo2_secret_key": "5ecreT-secret",
}


def told(voice, **values) -> dict[str, str]:
    return pitr.environment(settings_of(pitr=True, **values), addresses(settings_of()), voice)


def test_without_pitr_nobody_is_told_of_an_archive():
    off = settings_of()
    assert (pitr.server(off), pitr.environment(off, addresses(settings_of()), REFERENCES), pitr.data_side(off)) == (
        {},
        {},
        {},
    )


def test_the_embedded_engine_refuses_it_with_what_to_do(tmp_path):
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/no.sock"}
    with pytest.raises(SettingsError) as caught:
        pick.pick(model.build(settings_of(pitr=True)), tmp_path, nowhere)
    assert caught.value.where == "PITR" and "true, on the embedded engine (no Docker: " in caught.value.found
    assert "ENGINE=docker" in caught.value.next


def test_the_environment_refers_to_secrets_and_a_second_repository_has_its_own():
    text = str(told(REFERENCES, **TWICE))
    assert "5ecreT" not in text and "${PITR_REPO2_SECRET_KEY:?" in text and "${PITR_CIPHER_PASSWORD:?" in text


def test_plain_http_asks_for_no_certificate_and_https_does():
    found = told(REFERENCES, **TWICE)
    assert found["PGBACKREST_REPO1_STORAGE_VERIFY_TLS"] == "n"
    assert "PGBACKREST_REPO2_STORAGE_VERIFY_TLS" not in found


def test_stacks_never_share_a_place_in_a_repository():
    keys = ("PGBACKREST_STANZA", "PGBACKREST_REPO1_PATH", "PGBACKREST_REPO1_S3_BUCKET")
    one, other = told(REFERENCES), told(REFERENCES, environment="staging")
    assert all(one[key] != other[key] for key in keys)


def test_another_retention_does_not_restart_the_server():
    one, other = settings_of(pitr=True), settings_of(pitr=True, pitr_keep_days=3, pitr_full_days=1)
    assert pitr.environment(one, addresses(settings_of()), REFERENCES) == pitr.environment(
        other, addresses(settings_of()), REFERENCES
    )
    assert pitr.backup_environment(one) != pitr.backup_environment(other)


def test_the_data_side_hides_every_secret_that_pgbackrest_is_told():
    settings = settings_of(pitr=True, **TWICE)
    env = pitr.environment(settings, addresses(settings_of()), in_clear(settings)) | pitr.data_side(settings)
    said = endpoints.read(env).scrub(" ".join(env.values()))
    assert "5ecreT" not in said and said.count("•••") >= 5


# -- the log of a recovery ---------------------------------------------------------------------------------------


def test_a_recovery_that_ends_before_its_moment_says_where_the_archive_ends():
    error = server.refusal(
        "LOG:  last completed transaction was at log time 2026-11-25 17:53:45.348517+00\n"
        "FATAL:  recovery ended before configured recovery target was reached\n"
    )
    assert "the archive ends before it; its last change was at 2026-11-25 17:53:45.348517+00" in error.found


def test_a_recovery_that_fails_says_its_last_reason():
    assert server.refusal("FATAL:  one\nFATAL:  could not open file\nLOG:  shut down").found == "could not open file"
    assert server.refusal("").found == "it did not start"


@pytest.mark.parametrize(
    "said",
    [
        "P00  ERROR: [095]: CryptoError on main/file\nP00   INFO: restore command end: aborted with exception [095]",
        "P00  ERROR: [029]: FormatError: zst error\nP00   INFO: restore command end: aborted with exception [029]",
        "P00 ASSERT: [025]: raised from local-1\nP00   INFO: restore command end: aborted with exception [025]",
        "    stack trace:\nP00   INFO: restore command end: aborted with exception [025]",
        "P00  ERROR: [038]: file '16384': actual checksum 'a' does not match expected checksum 'b'",
    ],
)
def test_whatever_rot_looks_like_to_pgbackrest_it_is_called_damage(said):
    assert "damaged" in program.Ran(25, said).reason
