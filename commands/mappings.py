"""`kingpost mappings`: read a mapping table, add a row and free the documents that wait for it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from activities.waking import wake
from commands.console import open_shop, out, run, stop
from domain.journal import MappingRow
from domain.keys import mapping_gap

app = typer.Typer(no_args_is_help=True, help="映射表 / mapping tables")


@app.command("list")
def mappings_list(collection: Annotated[str, typer.Argument(help="shop, sku, warehouse, currency")]) -> None:
    """列出一张映射表 / a whole mapping table."""
    run(_list_mappings(collection))


async def _list_mappings(collection: str) -> None:
    async with open_shop() as shop:
        rows = await shop.store.mappings(collection)
    table = Table("编码 key", "连接 connection", "值 values")
    for row in rows:
        table.add_row(
            escape(row.key), row.connection or "*", escape(", ".join(f"{k}={v}" for k, v in row.values.items()))
        )
    out.print(table)


@app.command("set")
def mappings_set(
    collection: Annotated[str, typer.Argument(help="shop, sku, warehouse, currency")],
    key: Annotated[str, typer.Argument(help="来源编码 / the source's code")],
    values: Annotated[list[str], typer.Argument(help="列=值，例如 material=85123A unit=Pcs / column=value")],
    connection: Annotated[str, typer.Option("--connection", help="只对某个连接生效 / for one connection only")] = "",
) -> None:
    """补录一行映射，等待它的单据自动继续 / add a row; documents that wait for it go on by themselves."""
    pairs = {}
    for pair in values:
        column, equals, value = pair.partition("=")
        if not equals or not column:
            stop(f"{pair}: expected column=value, e.g. material=85123A.", 2)
        pairs[column] = value
    run(_set_mapping(MappingRow(collection=collection, key=key, values=pairs, connection=connection)))


async def _set_mapping(row: MappingRow) -> None:
    async with open_shop(temporal=True) as shop:
        await shop.store.put_mappings([row])
        # Whether or not the row says anything new: whoever set it before may not have come to waking.
        woken = await wake(shop, [mapping_gap(row.collection, row.key)])
    out.print(f"[green]✓[/] {escape(row.collection)} {escape(row.key)}；唤醒 {woken} 张单据 / {woken} documents woken")
