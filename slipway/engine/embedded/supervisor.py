"""Supervisor (supervisord.org) keeps the embedded services running: its configuration, its start, its remote calls."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from slipway.engine.embedded import launch
from slipway.errors import EngineError

STOP = {"postgres": ("INT", 60), "redis": ("TERM", 30), "objects": ("TERM", 10), "app": ("TERM", 30)}


def configuration(home: Path, services: Sequence[str]) -> str:
    """Text of supervisord.conf. The programs' own settings are in their specifications, which are read at each start."""
    programs = "\n".join(program(home, name) for name in services)
    return f"""[supervisord]
logfile = {escape(home / "logs" / "supervisor.log")}
pidfile = {escape(home / "supervisor.pid")}
umask = 077
silent = true

[unix_http_server]
file = {escape(socket_path(home))}
chmod = 0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

{programs}"""


def program(home: Path, name: str) -> str:
    signal, seconds = STOP[name]
    command = shlex.join([sys.executable, "-S", launch.__file__, str(home / name / "spec.json")])
    return f"""[program:{name}]
command = {escape(command)}
autostart = false
autorestart = true
startsecs = 1
startretries = 5
stopsignal = {signal}
stopwaitsecs = {seconds}
killasgroup = true
redirect_stderr = true
stdout_logfile = {escape(home / "logs" / f"{name}.log")}
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 2
"""


def escape(value: object) -> str:
    return str(value).replace("%", "%%")


def socket_path(home: Path) -> Path:
    """A short path: a socket's may not exceed about a hundred bytes, and a project's may."""
    name = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"slipway-{os.getuid()}-{name}.sock"


def proxy(home: Path):
    """Remote calls to this stack's supervisor (supervisord.org/api.html)."""
    from xmlrpc.client import ServerProxy

    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, f"unix://{socket_path(home)}")
    return ServerProxy("http://127.0.0.1", transport=transport).supervisor


def states(home: Path) -> dict[str, dict]:
    """What the supervisor says of each program; empty when it does not run."""
    if not socket_path(home).exists():
        return {}
    try:
        return {info["name"]: info for info in proxy(home).getAllProcessInfo()}
    except (OSError, ConnectionError):
        return {}


def ensure(home: Path, services: Sequence[str]) -> None:
    """Makes sure that a supervisor with this configuration runs, detached from the terminal."""
    path, text = home / "supervisor.conf", configuration(home, services)
    if states(home):
        if path.exists() and path.read_text() == text:
            return
        shut_down(home)
    path.write_text(text)
    ended = subprocess.run([sys.executable, "-m", "supervisor.supervisord", "-c", str(path)], cwd=home, text=True,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    deadline = time.monotonic() + 15
    while not states(home):
        if ended.returncode or time.monotonic() > deadline:
            raise EngineError("supervisor", (ended.stderr or ended.stdout).strip()[-300:] or "it does not answer",
                              "a supervisor that answers", f"tail {home / 'logs' / 'supervisor.log'}")
        time.sleep(0.02)


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
    """Ends the supervisor and with it every program, in its own time; does nothing if none answers."""
    if not states(home):
        return
    pid = proxy(home).getPID()
    proxy(home).shutdown()
    deadline = time.monotonic() + 90
    while alive(pid):
        if time.monotonic() > deadline:
            raise EngineError("supervisor", "still there 90 s after it was told to end", "a supervisor that ends",
                              f"tail {home / 'logs' / 'supervisor.log'}")
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
