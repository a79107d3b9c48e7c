"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set; otherwise nothing of it is loaded.

The exporter reads the other OTEL_… variables of the environment by itself: headers, timeout, sampler, service name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

NAME = "backend"


class Tracing:
    """What makes spans, once `begin` was called."""

    tracer: Any = None
    propagator: Any = None


def begin(release: str | None) -> Callable[[], None]:
    """Send the spans that are made from now on; the function that sends the rest at the end."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    ours = Resource.create({"service.name": NAME, "service.version": release or "unreleased"})
    provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    Tracing.tracer, Tracing.propagator = provider.get_tracer(NAME), TraceContextTextMapPropagator()
    return provider.shutdown


def request_span(method: str, headers: Mapping[str, str]) -> AbstractContextManager[Any]:
    """The span of one request, below the caller's where it sent `traceparent`; None where nothing is traced."""
    if Tracing.tracer is None:
        return nullcontext()
    from opentelemetry.trace import SpanKind

    above = Tracing.propagator.extract(headers)
    told = {"http.request.method": method}
    return Tracing.tracer.start_as_current_span(method, above, SpanKind.SERVER, told)  # type: ignore[no-any-return]


def end_request(span: Any, method: str, route: str, status: int) -> None:
    """Say what became of a request. Its name is that of its route: paths hold what clients choose."""
    if span is None:
        return
    from opentelemetry.trace import StatusCode

    span.update_name(f"{method} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    if status >= 500:
        span.set_status(StatusCode.ERROR)


def span(name: str, **attributes: str) -> AbstractContextManager[Any]:
    """A span of a part of the request."""
    if Tracing.tracer is None:
        return nullcontext()
    return Tracing.tracer.start_as_current_span(name, attributes=attributes)  # type: ignore[no-any-return]
