"""What a store that answers cannot do any more: told by `status`, before a deploy meets it at a gate."""

from __future__ import annotations

from importlib import import_module

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.gates.interface import Troubles
from slipway.data.verb import Nothing
from slipway.stack import stores


def look(ends: Endpoints, args: Nothing, emit: Emit) -> Troubles:
    """Asks every store whose gate knows of a trouble; changes nothing. One that does not answer is the gate's matter."""
    gates = {name: import_module(f"slipway.data.gates.{name}") for name in stores.NAMES}
    found = {name: gate.trouble(ends) for name, gate in gates.items() if hasattr(gate, "trouble")}
    return Troubles({name: said for name, said in found.items() if said})
