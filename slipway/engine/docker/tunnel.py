"""An engine behind ssh://: a socket on this machine, and for each connection to it an `ssh` of its own.

It is what the docker command does. The SDK has a way of its own, which asks for another implementation of SSH (paramiko).
"""

from __future__ import annotations

import shlex
import socket
import subprocess
import threading
from pathlib import Path
from urllib.parse import urlsplit

from slipway.errors import EngineError
from slipway.system import scratch


class Tunnel:
    """Listens until the process ends. What ssh says, such as why it was refused, is kept."""

    def __init__(self, host: str):
        self.words = words(host)
        folder = scratch.folder("slipway-ssh-")
        self.path, self.said = folder / "docker.sock", folder / "said"
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(self.path))
        self.server.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def complaint(self) -> str:
        """The last line that an ssh has said; empty where none said anything."""
        return next(reversed(lines(self.said)), "")

    def _accept(self) -> None:
        while True:
            connection, _ = self.server.accept()
            # The connection is ssh's own from here on: when one end closes it, the other one hears of it.
            with connection, self.said.open("a") as said:
                child = self._dial(connection, said)
            if child:
                threading.Thread(target=child.wait, daemon=True).start()

    def _dial(self, connection: socket.socket, said) -> subprocess.Popen | None:
        try:
            # A session of its own: Ctrl-C must leave the way to the engine open, on which a run is tidied up.
            return subprocess.Popen(
                self.words, stdin=connection, stdout=connection, stderr=said, start_new_session=True
            )
        except OSError as error:
            said.write(f"ssh: {error.strerror}\n")
            return None


def words(host: str) -> list[str]:
    """The command that connects to the engine of ssh://[USER@]HOST[:PORT][/SOCKET]. Raises EngineError for another form."""
    try:
        parts = urlsplit(host)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or parts.password or parts.query or parts.fragment:
        raise EngineError(
            "DOCKER_HOST",
            "an address of ssh:// that is none",
            "ssh://USER@HOST, with :PORT where it is another one",
            "change DOCKER_HOST where it is set",
        )
    user = ["-l", parts.username] if parts.username else []
    way = ["--host", shlex.quote(f"unix://{parts.path}")] if parts.path.strip("/") else []
    number = ["-p", str(port)] if port else []
    return [
        *("ssh", "-T", "-o", "ConnectTimeout=30", *user, *number, "--"),
        *(parts.hostname, "docker", *way, "system", "dial-stdio"),
    ]


def lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").split("\n")[:-1] if path.exists() else []
