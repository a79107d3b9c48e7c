"""`backups.verify`, `backups.verify ID`, `backups.verify --backup ID`: the same argument, given or left out."""

from __future__ import annotations

import pytest
from invoke.exceptions import ParseError
from invoke.parser import Parser

import tasks


@pytest.mark.parametrize(
    ("words", "backup", "on"),
    [
        ([], "", "local"),
        (["20261125T174035Z"], "20261125T174035Z", "local"),
        (["--on", "live"], "", "live"),
        (["--backup", "latest"], "latest", "local"),
        (["latest", "--on", "live"], "latest", "live"),
        (["--on", "live", "latest"], "latest", "live"),
    ],
)
def test_a_backup_may_be_named_or_left_out(words, backup, on):
    (found,) = Parser(tasks.namespace.to_contexts()).parse_argv(["backups.verify", *words])
    assert (found.args["backup"].value, found.args["on"].value) == (backup, on)


def test_what_must_be_named_still_must():
    with pytest.raises(ParseError, match="version"):
        Parser(tasks.namespace.to_contexts()).parse_argv(["db.goto"])
