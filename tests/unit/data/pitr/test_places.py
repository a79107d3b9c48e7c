"""Two clusters change places: at whatever moment it is cut short, one of them is whole in place, and the other is kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from slipway.data import endpoints
from slipway.data.pitr import places, program, proof
from slipway.errors import BackupError, EngineError
from slipway.stack import pitr
from slipway.system import disk
from tests.support.waiting import until

NUMBER = "20261125T180508Z"


class Cut(BaseException):
    """The plug is pulled."""


@pytest.fixture
def ends(tmp_path, monkeypatch):
    """A live cluster and a proven one, as empty directories with a file that says which is which."""
    monkeypatch.setenv("PGBACKREST_PG1_PATH", str(tmp_path / "18" / "docker"))
    for path, name in ((places.live(), "old"), (places.new(NUMBER), "new")):
        path.mkdir(parents=True)
        (path / "PG_VERSION").write_text(name)
    places.mark(places.new(NUMBER), {"id": NUMBER})
    found = endpoints.read({"STATE_DIR": str(tmp_path / "state"), "PITR_STANZA": "s"})
    places.record(found, id=NUMBER, target="then", phase="switch", maintenance=True)
    return found


def inside(path: Path) -> str:
    return (path / "PG_VERSION").read_text() if path.exists() else ""


def test_after_a_switch_the_restored_one_is_in_place_and_the_other_is_kept(ends):
    places.switch(NUMBER)
    assert (inside(places.live()), inside(places.before(NUMBER)), inside(places.new(NUMBER))) == ("new", "old", "")
    places.switch(NUMBER)
    assert inside(places.live()) == "new"


def test_a_restored_cluster_archives_nothing_until_it_has_served(ends):
    assert pitr.ARCHIVE.startswith(f"test ! -e {places.UNPROVEN} && ")
    places.switch(NUMBER)
    assert (places.live() / places.UNPROVEN).exists() and not (places.before(NUMBER) / places.UNPROVEN).exists()
    places.prove()
    assert not (places.live() / places.UNPROVEN).exists()


def test_a_switch_back_puts_the_old_one_in_place(ends):
    places.switch(NUMBER)
    places.switch_back(NUMBER)
    assert (inside(places.live()), inside(places.before(NUMBER))) == ("old", "")
    assert places.settle(ends)["restored"] is False
    assert sorted(path.name for path in places.live().parent.iterdir()) == ["docker"]


# every call that changes a directory, before and after it
STEPS = [(name, when) for name in ("exchange", "rename", "sync_path") for when in ("before", "after")]


@pytest.mark.parametrize(("name", "when"), STEPS)
def test_a_switch_that_is_cut_short_anywhere_is_ended_by_the_next_run(ends, monkeypatch, name, when):
    owner = {"exchange": places, "rename": Path, "sync_path": disk}[name]
    original = getattr(owner, name)

    def cut(*args):
        if when == "after":
            original(*args)
        raise Cut

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, cut)
        with pytest.raises(Cut):
            places.switch(NUMBER)
    assert inside(places.live()) in ("old", "new")

    switched = inside(places.live()) == "new"
    found = places.settle(ends)
    assert (found["restored"], found["maintenance"], found["target"]) == (switched, True, "then")
    assert inside(places.live()) == ("new" if switched else "old")
    assert inside(places.before(NUMBER)) == ("old" if switched else "")
    assert not places.new(NUMBER).exists()
    assert places.settle(ends) == {} and places.remarks(ends) == []


def test_a_restore_that_never_got_to_its_switch_leaves_nothing(ends):
    assert "the cluster of before is in place" in places.remarks(ends)[0]
    places.settle(ends)
    assert sorted(path.name for path in places.live().parent.iterdir()) == ["docker"]
    assert inside(places.live()) == "old"


def test_two_names_that_cannot_change_places_are_an_error(ends):
    with pytest.raises(EngineError, match="cannot change places"):
        places.exchange(places.live(), places.live().with_name("nowhere"))
    assert inside(places.live()) == "old"


@pytest.mark.parametrize(("free", "fits"), [(110, True), (109, False)])
def test_a_second_cluster_that_does_not_fit_is_not_begun(tmp_path, monkeypatch, free, fits):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1000, 0, free * 2**20))
    if fits:
        proof.room(tmp_path, 100 * 2**20)
    else:
        with pytest.raises(BackupError, match="109 MB free"):
            proof.room(tmp_path, 100 * 2**20)


# -- the program -------------------------------------------------------------------------------------------------


@pytest.fixture
def pgbackrest(tmp_path, monkeypatch):
    """A program of that name which runs the given shell text."""

    def made(text: str) -> None:
        path = tmp_path / "bin" / "pgbackrest"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")

    return made


def test_a_command_that_hangs_is_ended_with_all_that_it_started(pgbackrest, tmp_path, monkeypatch):
    monkeypatch.setattr(program, "GRACE", 0.2)
    pgbackrest(f"trap '' TERM; sleep 600 & echo $! >{tmp_path}/child; wait")
    ran = program.run(["info"], deadline=0.3)
    assert (ran.code, ran.reason) == (None, "no answer in time")
    child = int((tmp_path / "child").read_text())
    until(lambda: not alive(child), "the child has ended too")


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_the_reason_of_a_failure_is_its_error_and_not_what_it_tried_last(pgbackrest):
    pgbackrest("echo '2026-11-25 18:05:44.522 P00  ERROR: [049]: unable to load'; echo '  HINT: is it there?'; exit 49")
    ran = program.run(["check"])
    assert (ran.code, ran.reason) == (49, "unable to load")


@pytest.mark.parametrize(
    "said", ["CryptoError: unable to flush", "FormatError: key/value found outside of section: \\001\\377"]
)
def test_another_password_than_the_archives_is_told_in_words_and_its_noise_is_not(pgbackrest, said):
    pgbackrest(f"printf 'ERROR: [041]: unable to load\\n{said}\\n'; exit 41")
    ran = program.run(["check"])
    assert "PITR_CIPHER_PASSWORD is not the one" in ran.reason
    assert all(line.isprintable() for line in ran.tail) and len(ran.tail) >= 1


def test_an_answer_is_bounded_however_long_a_store_takes(pgbackrest):
    pgbackrest("sleep 600")
    with pytest.raises(Exception, match="no answer in 0 s"):
        program.report(endpoints.read({"PITR_STANZA": "s"}), deadline=0.2)
