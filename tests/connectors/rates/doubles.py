"""What the fixtures of the rate tests are."""

from __future__ import annotations

from collections.abc import Callable

from connectors.rates.publications import PublishedSource

SourceOf = Callable[[type[PublishedSource]], PublishedSource]
"""Makes a source that talks to whatever is on the stage."""

Says = Callable[..., None]
"""Lets every call be answered with the given bodies in turn; the last one stays."""
