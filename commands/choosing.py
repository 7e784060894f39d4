"""The flows and connections a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from activities.workshop import Workshop
from commands.console import Refused

Connection = Annotated[str | None, typer.Option("--connection", help="来源连接，缺省为全部 / source connection")]


def chosen(shop: Workshop, flow: str | None, connection: str | None) -> Sequence[tuple[str, str]]:
    """Flow and connection of each stream that is meant; all of them where nothing is said. Raises Refused."""
    try:
        schemes = [shop.catalogue[flow]] if flow is not None else list(shop.catalogue)
    except KeyError as error:
        raise Refused(str(error.args[0])) from None
    pairs = [
        (scheme.flow.flow, name)
        for scheme in schemes
        for name in shop.connections_of(scheme.flow.source.stream)
        if connection in (None, name)
    ]
    if not pairs:
        names = sorted({name for name, _ in shop.streams})
        raise Refused(f"没有来源连接 {connection} / no source connection {connection}; there are {', '.join(names)}.")
    return pairs
