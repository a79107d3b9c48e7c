"""`logs --follow`: lines as they come, without the secrets of the stack, and no longer than somebody reads."""

from __future__ import annotations

import os
import subprocess
import sys

from slipway.system import redact
from slipway.verbs import logs

ENDLESS = "import sys; from slipway.verbs import logs; logs.show(['sh', '-c', 'while echo again; do :; done'], None)"


def test_what_is_followed_is_shown_without_secrets(capfd) -> None:
    redact.learn(redact.Masker(["open-sesame"]))
    logs.show(["sh", "-c", "echo one; echo the open-sesame, >&2; echo three"], None)
    assert capfd.readouterr().out == "one\nthe •••,\nthree\n"


def test_it_ends_when_nobody_reads_any_more() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."}
    )
    assert child.stdout.readline() == b"again\n"
    child.stdout.close()
    assert child.wait(60) == 0
