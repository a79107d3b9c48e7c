"""The listening socket, the HTTP server, and the graceful stop."""

from __future__ import annotations

import logging
import socket

import uvicorn

from backend import logs
from backend.adapters.http.connections import connections
from backend.main import application
from backend.settings import Settings, SettingsError

# Longer than proxies keep idle upstream connections (Caddy by itself: 2 minutes; the stack's gateway: 1.5 s): when the server is the first to close an idle
# connection, a request that is just then on its way fails at the proxy.
KEEP_ALIVE = 150


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; SettingsError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(f"cannot listen on HOST {host}, PORT {port} ({error.strerror}); choose another.") from None


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; then refuse new connections, give requests in flight `drain_timeout` seconds,
    close the pools, and raise the signal again for the handler that was there before."""
    logs.begin()
    logging.getLogger("backend").info("listening on %s", address(listener))
    # uvicorn annotates whole seconds but hands the number to asyncio.wait_for, which takes fractions.
    config = uvicorn.Config(
        application(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE,
        http=connections(settings.client_patience),
        loop="uvloop",
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=settings.drain_timeout,
    )  # type: ignore[arg-type]
    uvicorn.Server(config).run(sockets=[listener])


def address(listener: socket.socket) -> str:
    """The URL of `listener`, with the port that the system chose when PORT is 0."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
