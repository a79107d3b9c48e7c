"""/metrics for Prometheus: requests, their time, and the pool of connections to Postgres."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

POOL = {
    "pool_size": Gauge("postgres_pool_connections", "Connections to Postgres, in use or not."),
    "pool_available": Gauge("postgres_pool_idle", "Connections to Postgres that nobody uses."),
    "requests_waiting": Gauge("postgres_pool_waiting", "Requests that wait for a connection."),
    "requests_errors": Gauge("postgres_pool_timeouts", "Requests that got no connection in time, since the start."),
}


async def metrics(request: Request) -> Response:
    """The metrics, for who asks the service itself. Through a gateway there are none: they are not for everybody."""
    if "x-forwarded-for" in request.headers:
        raise HTTPException(404, "Not Found")
    stats = request.state.database.pool.get_stats()
    for name, gauge in POOL.items():
        gauge.set(stats.get(name, 0))
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = [Route("/metrics", metrics)]
