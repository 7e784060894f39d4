"""`kingpost flows`: check every flow file, try one on a document without writing anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError
from rich.markup import escape
from rich.table import Table

import worker as worker_process
from activities.mapper import Mapper
from activities.rating import rate_day
from activities.subject import value_at
from activities.workshop import Workshop
from commands.console import Refused, open_shop, out, run, stop
from commands.finding import find
from domain import jsontext, mapping
from domain.documents import DocumentKey
from domain.faults import Fault
from domain.rates import Rate
from flows.catalogue import BillFacts, Scheme
from flows.yamltree import FlowFileError

app = typer.Typer(no_args_is_help=True, help="集成方案 / integration flows")


@app.command("check")
def flows_check() -> None:
    """检查所有方案文件 / check every flow file."""
    try:
        catalogue = worker_process.catalogue()
    except FlowFileError as error:
        stop(str(error), 1)
        return
    for scheme in (*catalogue, *catalogue.variants):
        flow = scheme.flow
        out.print(
            f"[green]✓[/] {flow.flow}  {flow.title.zh}  {flow.source.stream} → {flow.target.form}  ({flow.requirement})"
        )


@app.command("dry-run")
def flows_dry_run(
    flow: Annotated[str, typer.Argument(help="方案 / flow")],
    document: Annotated[str, typer.Option("--document", help="JSON 文件或单号 / a JSON file or a number")],
) -> None:
    """试运行一张单据，逐条显示取值 / source → target, rule by rule; nothing is written."""
    run(_dry_run(flow, document))


async def _dry_run(flow: str, document: str) -> None:
    async with open_shop() as shop:
        try:
            scheme = shop.catalogue[flow]
        except KeyError as error:
            raise Refused(str(error.args[0])) from None
        key, body = await _read(shop, scheme, document)
        scheme = shop.scheme(flow, key.connection)
        parsed = _parse(scheme, document, body)
        mapper = Mapper(shop)
        tables = await mapper.tables(scheme, parsed, key.connection)
        links, unlinked = await mapper.links(shop.routes[key.connection].erp, scheme, key, parsed, tables)
        mapped = mapping.apply(
            scheme.flow.fields,
            parsed,
            rate=await _rate(shop, scheme, parsed),
            bill=BillFacts(number=shop.number_of(key, None)),
            tables=tables,
            links=links,
            traced=True,
        )
    heading = f"{scheme.flow.title.zh} {key.number}"
    table = Table("目标字段 target", "规则 rule", "来源 source", "结果 result", title=heading)
    for trace in mapped.traces:
        table.add_row(*(escape(part) for part in (trace.target, trace.rule, trace.source, trace.result)))
    out.print(table)
    for missing in mapped.missing:
        out.print(f"[yellow]缺少 missing[/] {escape(f'{missing.target}: {missing.kind} {missing.name} {missing.key}')}")
    if unlinked is not None:
        out.print(f"[yellow]{escape(unlinked.zh)}[/] {escape(unlinked.en)}")
    if mapped.missing:
        raise typer.Exit(1)


async def _read(shop: Workshop, scheme: Scheme, document: str) -> tuple[DocumentKey, str]:
    """The document's key and JSON text, from a file or from the store."""
    file = Path(document)
    if file.is_file():  # noqa: ASYNC240
        connection = next(iter(shop.connections_of(scheme.flow.source.stream)))
        key = DocumentKey(flow=scheme.flow.flow, connection=connection, number=file.stem)
        return key, file.read_text(encoding="utf-8")  # noqa: ASYNC240
    record = await find(shop, document, scheme.flow.flow)
    return record.key, record.body


def _parse(scheme: Scheme, document: str, body: str) -> BaseModel:
    try:
        tree: Any = jsontext.loads(body)
    except ValueError as error:
        raise Refused(f"{document}: expected JSON, {error}") from None
    try:
        return scheme.model.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Refused(f"{document}: {field}: {first['msg']}, got {first['input']!r}") from None


async def _rate(shop: Workshop, scheme: Scheme, document: BaseModel) -> Rate | None:
    """The rate the document would be booked at; a missing one is said, the rest of the mapping is still shown."""
    day, currency = rate_day(scheme, document), value_at(document, scheme.flow.rate.currency)
    if day is None:
        return None
    known = await shop.store.rate(currency, day)
    if known is not None:
        return known
    try:
        return await shop.rates.rate(currency, day, datetime.now(UTC))
    except Fault as fault:
        out.print(f"[yellow]取不到汇率 no rate[/] {currency} {day}: {escape(fault.message)}")
        return None
