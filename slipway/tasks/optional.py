"""Positional arguments that may be left out: Invoke asks for every one of them, and gives up where one is missing."""

from __future__ import annotations

from invoke.parser.parser import ParseMachine


def allow(*names: str) -> None:
    """Makes the positional arguments of these names, in any task, an empty text where nothing was typed."""
    complete = ParseMachine.complete_context

    def lenient(machine: ParseMachine) -> None:
        for argument in machine.context.missing_positional_args if machine.context else ():
            if argument.name in names:
                argument.set_value("", cast=False)
        complete(machine)

    ParseMachine.complete_context = lenient
