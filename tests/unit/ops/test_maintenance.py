"""The maintenance page as the gateway finds it: what it says, and that it comes and goes as one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.data.endpoints import Endpoints
from slipway.data.verb import Nothing
from slipway.errors import EngineError, SettingsError
from slipway.ops import maintenance
from slipway.ops.interface import Message, Opened, Page
from slipway.verbs import maintenance as verb


def silent(event: dict) -> None:
    """Nobody listens."""


def page(folder: Path) -> str:
    return (folder / "maintenance.html").read_text(encoding="utf-8")


def test_the_page_is_replaced_by_a_new_one_and_goes_without_a_trace(tmp_path: Path):
    ends = Endpoints(gateway_dir=tmp_path)
    assert maintenance.state(ends, Nothing(), silent) == Page(False, "")
    maintenance.on(ends, Message("one"), silent)
    maintenance.on(ends, Message("two"), silent)
    assert "<p>two</p>" in page(tmp_path) and maintenance.state(ends, Nothing(), silent) == Page(True, "two")
    assert maintenance.off(ends, Nothing(), silent) == Opened(False, True)
    assert list(tmp_path.iterdir()) == [] and maintenance.off(ends, Nothing(), silent) == Opened(False, False)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("<script>alert('x')</script>", "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;"),
        ("Tom & Jerry", "Tom &amp; Jerry"),
        ("Вернёмся в 10:00", "Вернёмся в 10:00"),
        ("{}", "{}"),
    ],
)
def test_a_message_is_text_and_no_markup(tmp_path: Path, message: str, shown: str):
    maintenance.on(Endpoints(gateway_dir=tmp_path), Message(message), silent)
    assert f"<p>{shown}</p>" in page(tmp_path)
    assert maintenance.state(Endpoints(gateway_dir=tmp_path), Nothing(), silent).message == message


def test_an_empty_message_is_the_usual_one_and_a_long_one_is_cut(tmp_path: Path):
    ends = Endpoints(gateway_dir=tmp_path)
    assert maintenance.on(ends, Message(""), silent).message == maintenance.MESSAGE
    assert len(maintenance.on(ends, Message("x" * 9999), silent).message) == 2000


def test_without_a_gateway_it_is_never_on_and_cannot_be_put_on():
    bare = Endpoints()
    assert maintenance.state(bare, Nothing(), silent) == Page(False, "")
    for each, args in ((maintenance.on, Message()), (maintenance.off, Nothing())):
        with pytest.raises(EngineError):
            each(bare, args, silent)


@pytest.mark.parametrize(("state", "message", "where"), [("maybe", "", "maintenance"), ("off", "x", "--message")])
def test_a_wrong_word_is_refused_before_anything_is_looked_at(state: str, message: str, where: str):
    with pytest.raises(SettingsError) as caught:
        verb.run("local", None, state, message)
    assert caught.value.where == where
