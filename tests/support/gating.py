"""Gates as tests use them: asked at once, or waited for in a thread."""

from __future__ import annotations

import threading

from slipway.errors import GateError
from slipway.ops import verbs


class Waiter:
    """A gate that waits in a thread; `said` is what it told, `outcome` its result or error."""

    def __init__(self, verb: str, env: dict[str, str]) -> None:
        self.said: list[str] = []
        self.outcome: list[object] = []
        self.thread = threading.Thread(target=self._run, args=(verb, env))
        self.thread.start()

    def _run(self, verb: str, env: dict[str, str]) -> None:
        try:
            self.outcome.append(verbs.run(verb, {}, env, lambda event: self.said.append(event["text"])))
        except GateError as error:
            self.outcome.append(error)

    def result(self) -> object:
        self.thread.join(60)
        return self.outcome[0]


def gate(verb: str, env: dict[str, str]) -> dict:
    return verbs.run(verb, {}, env, lambda event: None)
