"""Traces: a collector gets the spans of requests, below those of the caller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.backend_process import send


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    """A server that takes OTLP over HTTP: its address, and the spans that it has got."""
    spans: list[Any] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                spans.extend(span for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()
    server.server_close()


def test_a_collector_gets_the_span_of_a_request_below_its_callers(
    start_app: Callable[..., Any], collector: tuple[str, list[Any]], token: str
) -> None:
    endpoint, spans = collector
    app = start_app(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, RELEASE="2027.1")
    trace, above = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    send(app.url, "GET", "/api/v1/tasks?limit=1", token=token, headers={"traceparent": f"00-{trace}-{above}-01"})
    assert app.stop() == 0  # which sends what is left
    mine = {span.name: span for span in spans if span.trace_id.hex() == trace}
    request, work = mine["GET /api/v1/tasks"], mine["postgres transaction"]
    assert request.parent_span_id.hex() == above and work.parent_span_id == request.span_id
    assert {each.key: each.value.int_value for each in request.attributes}["http.response.status_code"] == 200
    assert token not in str(spans) and "limit=1" not in str(spans)


def test_a_collector_that_is_away_costs_no_request(start_app: Callable[..., Any], token: str) -> None:
    app = start_app(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT="1")
    assert send(app.url, "GET", "/api/v1/tasks", token=token).status == 200
    assert app.stop() == 0
