"""A name that two stacks come to: who is refused, and what they are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.engine import owner
from slipway.engine.embedded import owner as on_disk
from slipway.engine.owner import Owner
from slipway.errors import SettingsError
from slipway.stack import model
from tests.unit.conftest import settings_of

OURS = Owner("a1b2c3", "shop", "eu-prod", "ann:/srv/shop")


def stack_of(kept: Owner):
    return model.build(settings_of(stack_id=kept.id, project=kept.project, environment=kept.environment))


@pytest.mark.parametrize(
    "kept",
    [
        None,
        OURS,
        replace(OURS, place="ci:/builds/7"),  # another checkout of the same stack
        replace(OURS, id=""),  # marked by settings of before there was an id
    ],
)
def test_the_same_stack_goes_on(kept):
    owner.refuse_other(kept, stack_of(OURS), Path("/srv/shop"))


@pytest.mark.parametrize(
    ("kept", "found", "way_out"),
    [
        (replace(OURS, id="ffff"), "(STACK_ID=ffff), that of ann:/srv/shop", "set another PROJECT in .env.eu-prod"),
        (replace(OURS, project="shop-eu", environment="prod"), "PROJECT=shop-eu, ENVIRONMENT=prod", "another PROJECT"),
        (replace(OURS, id="", project="shop-eu", environment="prod"), "of ann:/srv/shop", "another PROJECT"),
    ],
)
def test_another_stack_of_that_name_is_refused_with_both_places_and_the_way_out(kept, found, way_out):
    with pytest.raises(SettingsError) as caught:
        owner.refuse_other(kept, stack_of(OURS), Path("/home/ben/shop"))
    error = caught.value
    assert (error.where, error.code) == ("shop-eu-prod", 2) and found in error.found
    assert "/home/ben/shop" in error.expected and way_out in error.next and "nothing was touched" in error.next


def test_settings_without_an_id_do_not_take_a_stack_that_has_one():
    with pytest.raises(SettingsError) as caught:
        owner.refuse_other(OURS, stack_of(replace(OURS, id="")), Path("/srv/shop"))
    assert "STACK_ID=none" in caught.value.expected


def test_data_on_the_disk_is_marked_once_and_gets_the_id_that_it_lacked(tmp_path):
    nameless = stack_of(replace(OURS, id=""))
    on_disk.claim(tmp_path, nameless, Path("/srv/shop"))
    assert on_disk.read(tmp_path).id == ""
    on_disk.claim(tmp_path, stack_of(OURS), Path("/srv/shop"))
    on_disk.claim(tmp_path, stack_of(OURS), Path("/elsewhere"))
    kept = on_disk.read(tmp_path)
    assert (kept.id, kept.pair) == (OURS.id, OURS.pair) and kept.place.endswith(":/srv/shop")


@pytest.mark.parametrize("text", ["", "{", '{"id": "a"}', "[]", "null"])
def test_a_mark_that_cannot_be_read_is_no_mark(tmp_path, text):
    (tmp_path / on_disk.FILE).write_text(text)
    assert on_disk.read(tmp_path) is None
