"""Lines that are added to a settings file."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from slipway.config import adding, lines

TEXT = st.text(st.sampled_from("ab'\"\\ n$#=\n\t\r\u00a0é{}") | st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_a_line_is_read_as_the_value_that_it_was_made_of_or_there_is_none(value: str) -> None:
    line = adding.line("APP_ENV_A", value)
    if line is None:
        assert {"\r", "\0", "'", "\\", '"'} & set(value)
    else:
        assert [(key, found) for key, found, _ in lines.of_text(f"A=1\n{line}\nB=2\n", ".env")] == [
            ("A", "1"),
            ("APP_ENV_A", value),
            ("B", "2"),
        ]


def test_what_is_there_stays_and_a_link_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "kept", tmp_path / ".env"
    link.symlink_to(file)
    file.write_text("# ours\nAPP_ENV_A='1'")
    added = adding.add(link, {"APP_ENV_A": "2", "APP_ENV_B": "3", "APP_ENV_C": "\r"})
    assert added == adding.Added(("APP_ENV_B",), (), ("APP_ENV_A",), ("APP_ENV_C",))
    assert file.read_text() == "# ours\nAPP_ENV_A='1'\nAPP_ENV_B='3'\n" and link.is_symlink()
