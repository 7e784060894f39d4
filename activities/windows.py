"""Windows of a source that are small enough to be read in one go."""

from __future__ import annotations

from activities.workshop import Stream, Workshop
from domain.spans import Span, halves


def stream_of(workshop: Workshop, flow: str, connection: str) -> Stream:
    """The stream a flow reads at a connection. Raises KeyError when the connection has none."""
    return workshop.streams[connection, workshop.catalogue[flow].flow.source.stream]


async def has_too_many(workshop: Workshop, stream: Stream, span: Span) -> bool:
    """Whether a window has to be halved: long ones shift under the reader's hands, and are lost as a whole."""
    return halves(span) is not None and await stream.count(span.begin, span.end) > workshop.window_rows
