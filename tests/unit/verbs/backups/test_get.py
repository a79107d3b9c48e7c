"""What arrives of a backup: its own files and objects, whatever else a stream may claim to hold."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from slipway.engine import streaming
from slipway.engine.docker import backup_place
from slipway.errors import BackupError, EngineError
from slipway.verbs.backups import get

NAME, SHA = "20261125T174035Z", "ab" + "0" * 62


def tar(*members: tuple[str, bytes], link: str = "") -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as made:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo(f"{NAME}/{link}")
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            made.addfile(info)
    return io.BytesIO(out.getvalue())


def test_files_go_to_the_backup_and_objects_to_the_pool_once(tmp_path: Path):
    work = tmp_path / "work"
    work.mkdir()
    stream = tar((f"{NAME}/database.dump", b"dump"), (f"objects/ab/{SHA}", b"bytes"))
    assert get.unpack_stream(stream, tmp_path, work, lambda count: None) == 9
    assert (work / "database.dump").read_bytes() == b"dump" and (
        tmp_path / f"objects/ab/{SHA}"
    ).read_bytes() == b"bytes"
    again = tar((f"objects/ab/{SHA}", b"other"))
    get.unpack_stream(again, tmp_path, work, lambda count: None)
    assert (tmp_path / f"objects/ab/{SHA}").read_bytes() == b"bytes"


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        f"{NAME}/../evil",
        f"{NAME}/a/b",
        f"{NAME}/.hidden",
        "evil",
        "objects/ab/evil",
        f"objects/../{SHA}",
    ],
)
def test_nothing_is_written_under_any_other_name(tmp_path: Path, name: str):
    work = tmp_path / "place" / "work"
    work.mkdir(parents=True)
    get.unpack_stream(tar((name, b"evil"), link="link"), tmp_path / "place", work, lambda count: None)
    assert [path for path in tmp_path.rglob("*") if path.is_file() or path.is_symlink()] == []


def test_an_error_of_the_other_side_is_its_own_and_noise_is_told():
    error = streaming.read_error('warning\n{"kind": "backup", "where": "backup x", "found": "gone"}\n', 7)
    assert isinstance(error, BackupError) and error.where == "backup x"
    assert streaming.read_error("cannot exec in a stopped container\n", 1).found == "cannot exec in a stopped container"
    assert streaming.read_error("", 137).found == "exit code 137"


def test_a_directory_for_backups_is_made_for_ops_and_one_that_is_there_is_left(tmp_path: Path):
    if os.geteuid():
        pytest.skip("only root may give a directory away")
    backup_place.directory(tmp_path / "new" / "one")
    found = (tmp_path / "new" / "one").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (backup_place.USER, 0o700)
    backup_place.directory(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="BACKUP_DIR"):
        backup_place.directory(tmp_path / "file" / "below")
