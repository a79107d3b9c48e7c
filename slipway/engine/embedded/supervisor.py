"""Supervisor (supervisord.org) keeps the embedded services running: its configuration, its start, its remote calls."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from slipway.engine.embedded import launch, processes
from slipway.engine.embedded.recipe import Recipe
from slipway.errors import EngineError
from slipway.system import presence

SHUT_DOWN = 90  # seconds; more than any program gets to stop
HERE = Path(presence.__file__).parents[2]  # where the supervisor finds that plugin
LONGEST_SOCKET = 94  # bytes: 104 on some systems, of which the supervisor takes ten for a temporary name


def configuration(home: Path, services: Mapping[str, Recipe]) -> str:
    """Text of supervisord.conf. The programs' own settings are in their specifications, which are read at each start.

    Its paths are relative to the stack's directory: the format has no way to quote what a path may hold.
    """
    programs = "\n".join(program(name, recipe) for name, recipe in services.items())
    socket = socket_path(home)
    return f"""[supervisord]
logfile = logs/supervisor.log
pidfile = supervisor.pid
umask = 077
silent = true

[unix_http_server]
file = {socket.name if socket.parent == home else socket}
chmod = 0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:presence]
supervisor.rpcinterface_factory = slipway.system.presence:watch

{programs}"""


def program(name: str, recipe: Recipe) -> str:
    signal, seconds = recipe.stop
    return f"""[program:{name}]
command = sh -c 'exec "$SLIPWAY_PYTHON" -S "$SLIPWAY_LAUNCH" {name}/spec.json'
autostart = false
autorestart = true
startsecs = 1
startretries = {recipe.retries}
stopsignal = {signal}
stopwaitsecs = {seconds}
killasgroup = true
redirect_stderr = true
stdout_logfile = logs/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 2
"""


def socket_path(home: Path) -> Path:
    """In the stack's own directory, or in /tmp where that path is longer than a socket's may be.

    Never in TMPDIR: it differs from one shell to the next, and a supervisor that is not found is started twice.
    """
    inside = home / "supervisor.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET:
        return inside
    name = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    return Path("/tmp") / f"slipway-{os.getuid()}-{name}.sock"  # noqa: S108  (the socket itself is for its owner alone)


def proxy(home: Path):
    """Remote calls to this stack's supervisor (supervisord.org/api.html)."""
    from xmlrpc.client import ServerProxy

    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, f"unix://{socket_path(home)}")
    return ServerProxy("http://127.0.0.1", transport=transport).supervisor


def states(home: Path) -> dict[str, dict]:
    """What the supervisor says of each program; empty when it does not run."""
    from http.client import HTTPException
    from xmlrpc.client import Fault

    if not socket_path(home).exists():
        return {}
    try:
        return {info["name"]: info for info in proxy(home).getAllProcessInfo()}
    except (OSError, HTTPException, Fault):
        return {}  # gone, or about to go


def ensure(home: Path, services: Mapping[str, Recipe]) -> list[str]:
    """Makes sure that a supervisor with this configuration runs, detached from the terminal.

    Returns the programs that ran under one that had to be replaced, and do not run now.
    """
    path, text = home / "supervisor.conf", configuration(home, services)
    same, found = path.exists() and path.read_text() == text, states(home)
    if found and (same or added(home, path, text)):
        return []
    shut_down(home)
    path.write_text(text)
    ended = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", path.name],
        cwd=home,
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        env=os.environ | {"SLIPWAY_PYTHON": sys.executable, "SLIPWAY_LAUNCH": launch.__file__, "PYTHONPATH": str(HERE)},
    )
    deadline = time.monotonic() + 15
    while not states(home):
        if ended.returncode or time.monotonic() > deadline:
            raise EngineError(
                "supervisor",
                (ended.stderr or ended.stdout).strip()[-300:] or "it does not answer",
                "a supervisor that answers",
                f"tail {home / 'logs' / 'supervisor.log'}",
            )
        time.sleep(0.02)
    return [name for name, state in found.items() if state["statename"] in ("STARTING", "RUNNING")]


def added(home: Path, path: Path, text: str) -> bool:
    """Lets a running supervisor take in new programs; False where old ones would change, which means a new start."""
    from xmlrpc.client import Fault

    path.write_text(text)
    try:
        ((new, changed, removed),) = proxy(home).reloadConfig()
        if changed or removed:
            return False
        for name in new:
            proxy(home).addProcessGroup(name)
    except (OSError, Fault):
        return False
    return True


def start(home: Path, name: str) -> None:
    """Starts a program that is not running; whether it serves is for its gate to say."""
    from xmlrpc.client import Fault

    try:
        proxy(home).startProcess(name, False)
    except Fault as fault:
        raise EngineError(name, fault.faultString, "a program that starts", f"./invoke logs -s {name}") from None


def stop(home: Path, name: str) -> None:
    """Stops a program and waits until it is gone; does nothing if it does not run."""
    from xmlrpc.client import Fault

    if states(home).get(name, {}).get("statename") in ("RUNNING", "STARTING", "BACKOFF"):
        try:
            proxy(home).stopProcess(name)
        except Fault as fault:
            if "NOT_RUNNING" not in fault.faultString:
                raise EngineError(name, fault.faultString, "a program that stops", f"./invoke logs -s {name}") from None


def shut_down(home: Path) -> None:
    """Ends the supervisor and with it every program, in its own time; does nothing if there is none."""
    import psutil

    found = running(home)
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    if found and processes.outlast(found, SHUT_DOWN):
        raise EngineError(
            "supervisor",
            f"still there {SHUT_DOWN} s after it was told to end",
            "a supervisor that ends",
            f"tail {home / 'logs' / 'supervisor.log'}",
        )


def running(home: Path) -> list:
    """The processes that supervise this stack. One that does not answer counts too: it goes on restarting.

    They are known by what they run and where, since on a full disk one comes up that could not write down its id.
    """
    import psutil

    return [
        process
        for process in psutil.process_iter(["cmdline", "cwd", "status"])
        if "supervisor.supervisord" in (process.info["cmdline"] or ())
        and process.info["cwd"] == str(home)
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]
