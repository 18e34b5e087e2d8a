"""Traces for whoever collects them (OpenTelemetry): what was asked, and where its time went.

This module is imported only where traces are sent. A span tells of an operation or an action, and
never of whom or of what.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.metrics import METHODS
from api.http.technical_log import TRACE_IN_SCOPE, route_of

P = ParamSpec("P")
T = TypeVar("T")


class Traces:
    """Spans that go to a provider, each below the one it is made in."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider
        self._tracer = provider.get_tracer("regietafel")
        self._told = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Tell how long something takes, and whether it failed; of an error only its kind."""
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def around(self, name: str, work: Callable[P, T]) -> Callable[P, T]:
        """Return ``work`` with a span around it."""

        def spanned(*args: P.args, **kwargs: P.kwargs) -> T:
            with self.span(name):
                return work(*args, **kwargs)

        return spanned

    async def request(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let ``app`` answer in a span, which goes on with the trace of whoever asks (W3C)."""
        names = {"traceparent", "tracestate"}
        told = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name.decode("latin-1") in names
        }
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        with self._tracer.start_as_current_span(
            method,
            context=self._told.extract(told),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:

            async def note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            scope[TRACE_IN_SCOPE] = format_trace_id(span.get_span_context().trace_id)
            span.set_attribute("http.request.method", method)
            await app(scope, receive, note)
            if (route := route_of(scope)) is not None:
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)

    def close(self) -> None:
        """Send what is left."""
        self.provider.shutdown()


class Traced:
    """Answers each request to ``app`` in a span."""

    def __init__(self, app: ASGIApp, traces: Traces) -> None:
        self.app, self.traces = app, traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "http":
            await self.traces.request(self.app, scope, receive, send)
        else:
            await self.app(scope, receive, send)


def sent() -> Traces:
    """Return traces that are sent to where the environment says (``OTEL_EXPORTER_OTLP_...``)."""
    named = Resource({SERVICE_NAME: "regietafel"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider)
