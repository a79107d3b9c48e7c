"""A plugin of Supervisor (supervisord.org) that ends it, and with it what it runs, when its directory was deleted.

Whoever deletes a checkout without `./invoke down` has nothing left to stop its servers by.
"""

from __future__ import annotations

import os
import signal

# In the directory that the supervisor works in, wherever that was moved to. One of them may be lost by itself.
FILES = ("supervisor.conf", "supervisor.pid")


def watch(supervisord) -> object:
    """Looks every five seconds, on the supervisor's own clock. A factory of an RPC interface, which has no calls."""
    from supervisor import events

    def look(event: object) -> None:
        if any(map(os.path.exists, FILES)):
            return
        # Their data is gone: a server that would save it first only waits.
        for group in supervisord.process_groups.values():
            for process in group.processes.values():
                process.config.stopsignal = signal.SIGKILL
        os.kill(os.getpid(), signal.SIGTERM)

    events.subscribe(events.Tick5Event, look)
    return object()
