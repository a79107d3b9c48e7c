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


@pytest.mark.parametrize(
    ("words", "task", "yes", "rest"),
    [
        ("restore latest --yes", "restore", True, {"backup": "latest"}),
        ("restore latest --yes shop-live --json", "restore", "shop-live", {"backup": "latest", "json": True}),
        ("restore --at latest --yes --drop-old", "restore", True, {"backup": "", "at": "latest", "drop-old": True}),
        ("restore --at latest --yes shop-live --on live", "restore", "shop-live", {"backup": "", "on": "live"}),
        ("restore --yes=shop-live latest", "restore", "shop-live", {"backup": "latest"}),
        ("down --volumes --yes", "down", True, {"volumes": True}),
        ("down --yes --volumes", "down", True, {"volumes": True}),
        ("down --volumes --yes shop-live --on live", "down", "shop-live", {"on": "live"}),
        ("db.rollback -y shop-live", "db.rollback", "shop-live", {}),
        ("db.goto 3 --yes", "db.goto", True, {"version": "3"}),
        ("pitr.restore --drop-old", "pitr.restore", False, {"drop-old": True}),
    ],
)
def test_a_yes_may_name_the_stack(words, task, yes, rest):
    (found,) = Parser(tasks.namespace.to_contexts()).parse_argv(words.split())
    assert (found.name, found.args["yes"].value) == (task, yes)
    assert {key: found.args[key].value for key in rest} == rest


def test_what_must_be_named_still_must():
    with pytest.raises(ParseError, match="version"):
        Parser(tasks.namespace.to_contexts()).parse_argv(["db.goto"])
