"""The data side in this process, in a thread of its own, so that the wait for it can be ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from slipway.data.verb import A, R, Verb
from slipway.ops import verbs
from slipway.plan import Progress


def run(verb: Verb[A, R], args: A, env: Mapping[str, str], progress: Progress, give_up: Callable[[], None]) -> R:
    """Its answer, or its error. `give_up` is asked twice a second, and ends the wait by raising."""
    outcome: dict = {}

    def work() -> None:
        try:
            outcome["answer"] = verbs.perform(verb, args, env, heard(progress))
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.5)
        give_up()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["answer"]


def heard(progress: Progress) -> Callable[[dict], None]:
    """Progress events of the data side, told to a step."""

    def emit(event: dict) -> None:
        if event.get("total") or event.get("done"):
            progress.count(event["done"], event.get("total") or None, event.get("unit", ""))
        else:
            progress.say(event.get("text", ""))

    return emit
