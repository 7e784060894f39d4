"""safe.gov.cn: the query page with its HTML table, in units of its own (exchange-rates.md section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from starlette.responses import HTMLResponse, Response

from sandbox.http import html_page
from sandbox.rates.data import LABELS, MISSING, chinese_currency, foreign_currency
from sandbox.rates.state import RatesState

QUERY_PATH = "/AppStructured/hlw/RMBQuery.do"

_LATEST_ROWS = 10
_PAGE = """<!DOCTYPE html>
<html><head><meta charset="UTF-8"><title>人民币汇率中间价</title></head>
<body>
<table width="100%"><tr class="first"><td>人民币汇率中间价<br>单位：人民币/100外币，外币/100人民币</td></tr></table>
<form method="post" action="RMBQuery.do"><input type="hidden" name="queryYN" value="true"></form>
<table id="InfoTable" class="list" border="0">
<tr class="table_head">{head}</tr>
{rows}
</table>
</body></html>
"""


def query(state: RatesState, params: Mapping[str, str]) -> Response:
    """The page for a span of days; without parameters for the latest ones."""
    try:
        first = date.fromisoformat(params["startDate"]) if "startDate" in params else date.min
        last = date.fromisoformat(params["endDate"]) if "endDate" in params else date.max
    except ValueError:
        return html_page(500, "系统错误")
    days = list(state.published(first, last).items())
    if params.get("queryYN") != "true":
        days = days[:_LATEST_ROWS]
    head = "".join(f"<th>{name}</th>" for name in ("日期", *map(chinese_currency, map(foreign_currency, LABELS))))
    rows = "\n".join(
        f'<tr class="first"><td>{day}&nbsp;</td>'
        + "".join(f"<td align='center'>\n  {in_hundreds(label, values[label])}&nbsp;</td>" for label in LABELS)
        + "</tr>"
        for day, values in days
    )
    return HTMLResponse(_PAGE.format(head=head, rows=rows))


def in_hundreds(label: str, published: str) -> str:
    """A published value as SAFE prints it: per 100 units, decimals trimmed; the yen already is per 100."""
    if published == MISSING:
        return ""
    unit = 1 if label.startswith("100") else 100
    text = f"{Decimal(published) * unit:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
