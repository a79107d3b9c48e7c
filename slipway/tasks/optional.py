"""Positional arguments that may be left out: Invoke asks for every one of them, and gives up where one is missing."""

from __future__ import annotations

from invoke.parser.parser import ParseMachine


def allow(*names: str) -> None:
    """Makes the positional arguments of these names, in any task, an empty text where nothing was typed."""
    complete, guard = ParseMachine.complete_context, ParseMachine.check_ambiguity

    def lenient(machine: ParseMachine) -> None:
        for argument in machine.context.missing_positional_args if machine.context else ():
            if argument.name in names:
                argument.set_value("", cast=False)
        complete(machine)

    def certain(machine: ParseMachine, value: str) -> bool:
        """Whether a value after a flag that may have one could be the positional argument: not if that may be left out."""
        missing = machine.context.missing_positional_args if machine.context else ()
        if missing and value not in machine.contexts and all(argument.name in names for argument in missing):
            return False
        return guard(machine, value)

    ParseMachine.complete_context, ParseMachine.check_ambiguity = lenient, certain
