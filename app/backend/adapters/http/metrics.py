"""/metrics for Prometheus: requests, their time, the pool of connections to Postgres, kept writes, open sessions."""

from __future__ import annotations

import math

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.usecases.auth import Auth

POOL = {
    "pool_size": Gauge("postgres_pool_connections", "Connections to Postgres, in use or not."),
    "pool_available": Gauge("postgres_pool_idle", "Connections to Postgres that nobody uses."),
    "requests_waiting": Gauge("postgres_pool_waiting", "Requests that wait for a connection."),
    "requests_errors": Gauge("postgres_pool_timeouts", "Requests that got no connection in time, since the start."),
}
BUFFER = {
    "waiting": Gauge("kept_writes_waiting", "Writes that wait on disk for the database."),
    "bytes": Gauge("kept_writes_bytes", "What they take."),
    "refused": Gauge("kept_writes_refused", "Writes that the database did not take when they were carried out."),
}
SESSIONS = Gauge("auth_sessions_open", "Sessions that are open, of all users; NaN while Redis does not answer.")


async def metrics(request: Request) -> Response:
    """The metrics, for who asks the service itself. Through a gateway there are none: they are not for everybody."""
    if "x-forwarded-for" in request.headers:
        raise HTTPException(404, "Not Found")
    stats = request.state.database.pool.get_stats()
    for name, gauge in POOL.items():
        gauge.set(stats.get(name, 0))
    if request.state.buffer:
        fill = await request.state.buffer.look()
        for name, gauge in BUFFER.items():
            gauge.set(getattr(fill, name))
    auth: Auth = request.state.auth
    try:
        SESSIONS.set(await auth.sessions.count(auth.now()))
    except RedisError:
        SESSIONS.set(math.nan)
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = [Route("/metrics", metrics)]
