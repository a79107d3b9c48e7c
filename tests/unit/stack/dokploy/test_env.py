"""The rules about `.env` files and about commands: a line, what is found, and where."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from slipway.stack.dokploy import env_values, lint
from slipway.stack.dokploy.rules import COMMAND, ENV

LINES = {
    "a # in a word": ("MODE=a#b\n", [("env-truncated", 1, 7)]),
    "a # in a word of a secret": ("PASSWORD=p@ss$word#1\n", [("env-truncated", 1, 19)]),
    "a comment": ("MODE=a # b\n", []),
    "a comment after quotes": ("MODE='a#b' # c\n", []),
    "a quote with a backslash": ('MODE="a\\"b"\n', [("env-changed", 1, 6)]),
    "two backslashes": ('MODE="a\\\\b"\n', [("env-changed", 1, 6)]),
    "a tab": ('MODE="a\\tb"\n', [("env-changed", 1, 6)]),
    "a new line": ('MODE="a\\nb"\n', []),
    "a backslash without quotes": ("MODE=a\\nb\n", []),
    "single quotes": ("MODE='a\\n#b\"'\n", []),
    "lines in quotes": ("MODE='a\nb=c\nd'\nB=1\n", []),
    "a reference": ("A=${MODE}\n", [("env-reference", 1, 3)]),
    "a reference with a default": ("A='x${MODE:-1}'\n", [("env-reference", 1, 3)]),
    "a reference of Dokploy's": ("A=1\nB=${{A}}${{project.X}}${{environment.Y}}${{vault.z.k}}\n", []),
    "a reference to nothing": ("A=1\nB=${{C}}\n", [("env-unknown-reference", 2, 3)]),
    "a dollar": ("A='a$b$$'\n", []),
    "a key twice": ("A=1\nA=2\n", [("env-twice", 2, 3)]),
    "the project's name": ("COMPOSE_PROJECT_NAME=a\n", [("project-name", 1, 22)]),
    "no setting": ("A=1\nmy key=2\n", [("env-lost", 2, 1)]),
    "a key that is none": ("A[0]=1\n", [("env-lost", 1, 1)]),
    "comments and blank lines": ("# a\n\n  # b=c\nexport A=1\nB: 2\n", []),
    "carriage returns": ("A=1\r\nB=2#3\r\n", [("env-truncated", 2, 4)]),
    "nothing": ("", []),
    "an empty value": ("A=\nB=''\n", []),
}
UP = "compose -p shop -f docker-compose.yml up -d"
RUN = "compose -p shop -f docker-compose.yml run --rm migrate"
COMMANDS = {
    "up": (UP, (0, 30, 2), []),
    "a chain": (f"{RUN} && docker {UP}", (0, 30, 2), []),
    "a chain on an older version": (f"{RUN} && docker {UP}", (0, 29, 13), [("command-version", len(RUN) + 2)]),
    "a chain on a version before that": (f"{RUN} && docker {UP}", (0, 29, 12), []),
    "a chain of something else": (f"{RUN} && invoke x", (0, 30, 2), [("command-part", len(RUN) + 2)]),
    "a chain that ends": (f"{RUN} &&", (0, 30, 2), [("command-part", len(RUN) + 2)]),
    "compose without docker": (f"{RUN} && {UP}", (0, 30, 2), [("command-part", len(RUN) + 2)]),
    "a chain of the older program": (f"{RUN} && docker-compose up", (0, 30, 2), []),
    "docker compose and no more": (f"{RUN} && docker compose", (0, 30, 2), [("command-part", len(RUN) + 2)]),
    "blanks around it": (f"\n {UP} \n", (0, 30, 2), []),
    "a new line": ("compose\nup", (0, 30, 2), [("command-character", 8)]),
    "three &": ("compose up &&& docker compose ps", (0, 30, 2), [("command-character", 12), ("command-part", 12)]),
    "a semicolon": ("compose up; rm x", (0, 30, 2), [("command-character", 11)]),
    "a pipe": ("compose up | cat", (0, 30, 2), [("command-character", 12)]),
    "a variable": ("compose up $A", (0, 30, 2), [("command-character", 12)]),
    "in the background": ("compose up &", (0, 30, 2), [("command-character", 12)]),
    "docker at its start": ("docker compose up", (0, 30, 2), [("command-start", 1)]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_settings_file_has_these_findings(name: str):
    text, expected = LINES[name]
    assert [(each.rule, each.line, each.column) for each in lint.lint_env(".env", text)] == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_these_findings(name: str):
    command, version, expected = COMMANDS[name]
    assert [(each.rule, each.column) for each in lint.lint_command(command, version)] == expected


def test_every_rule_has_an_example():
    rows = {rule for _, found in LINES.values() for rule, *_ in found}
    rows |= {rule for *_, found in COMMANDS.values() for rule, *_ in found}
    assert rows == set(ENV | COMMAND)


def test_a_value_is_shown_before_and_after():
    (cut,) = lint.lint_env(".env", "MODE=ab#cd\n")
    assert cut.message.startswith("MODE: its 5 characters become 2, another value from character 3 on: ")
    (cut,) = lint.lint_env(".env", 'COLOUR="a\\"b"\n')
    assert "becomes" not in cut.message  # more than a word: nobody knows whether it is a secret


@given(
    st.sampled_from(["PASSWORD", "API_KEY", "DB_PASS", "DATABASE_URL", "COLOUR"]),
    st.text("abcXYZ0189$@!", min_size=6, max_size=12),
    st.sampled_from(["{0}#{0}", '"{0}\\"{0}"', "{0}${{X}}", "{0}${{{{N}}}}", "'{0}", "{0}#"]),
)
@example("COLOUR", "aaaaaa1", "{0}#{0}")
def test_no_secret_is_in_a_finding(key: str, secret: str, form: str):
    secret = f"1{secret}"
    for each in lint.lint_env(".env", f"{key}={form.format(secret)}\nmy {key}={secret}\n"):
        assert secret not in each.message + each.help


@given(st.text(max_size=40) | st.text("AB= '\"`#\\\n\r${}", max_size=40))
def test_any_text_is_linted_without_a_crash(text: str):
    for each in lint.lint_env(".env", text):
        assert each.line >= 1 and each.column >= 1


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_a_value_that_is_quoted_has_no_finding_but_of_references(value: str):
    written = env_values.quote(value)
    if written is not None:
        found = {each.rule for each in lint.lint_env(".env", f"A={written}\n")}
        assert found <= {"env-reference", "env-unknown-reference", "env-changed"}
        assert "env-changed" not in found or "\\" in value
