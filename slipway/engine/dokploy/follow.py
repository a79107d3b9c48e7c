"""`python -m slipway.engine.dokploy.follow SERVICE LINES [NAME …]`: what containers write, until Ctrl-C.

The server is asked each second for the last lines: its API has no stream but one of its own page's.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from slipway.engine.dokploy import tail
from slipway.engine.dokploy.api import client as api
from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.client import Dokploy
from slipway.engine.dokploy.api.failures import Missing, Unanswered, Unreachable
from slipway.errors import SlipwayError
from slipway.system.redact import Secret

PAUSE = 1.0
MOST = 2000


def follow(client: Dokploy, service: Service, lines: int, names: Sequence[str]) -> Iterator[str]:
    """Every line, each after its container's service where there are several."""
    told: dict[str, Sequence[str]] = {}
    while True:
        with suppress(Unreachable, Unanswered):
            for each in client.containers(service):
                if names and each.service not in names:
                    continue
                with suppress(Missing):
                    now = client.log_of(service, each, MOST if each.id in told else lines)
                    fresh = tail.new_lines(told[each.id], now) if each.id in told else now
                    told[each.id] = now
                    yield from (line if len(names) == 1 else f"{each.service} | {line}" for line in fresh)
        time.sleep(PAUSE)


def main(words: Sequence[str]) -> None:
    service, lines, *names = words
    client = api.connect(os.environ["DOKPLOY_URL"], Secret(os.environ["DOKPLOY_API_KEY"]))
    for line in follow(client, client.by_id(service), int(lines), names):
        print(line, flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            main(sys.argv[1:])
        except SlipwayError as error:
            sys.exit(f"error: {error}; {error.next}")
