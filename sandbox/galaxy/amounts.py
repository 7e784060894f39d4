"""What the server computes from quantity, price, tax and discount: line amounts, local currency, totals.

Every line amount is rounded half up to two decimals; totals are the sums of the lines.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.money import round_half_up
from sandbox.galaxy import texts
from sandbox.galaxy.metadata import AmountRule
from sandbox.galaxy.records import AUDITED, Record
from sandbox.galaxy.replies import Problem, Refusal
from sandbox.galaxy.store import Database

_ZERO = Decimal(0)
_ONE = Decimal(1)
_HUNDRED = Decimal(100)
_PRICE_DIGITS = 6
_MONEY_DIGITS = 2


def compute(db: Database, record: Record) -> None:
    """Fill in all computed amounts of a bill.

    Raises:
        Refusal: no exchange rate was sent and none is on file for the day.
    """
    rule = record.form.amounts
    if rule is None:
        return
    rate = _exchange_rate(db, record, rule)
    included = bool(_head(record, rule.included, True))
    totals = [_ZERO] * 6
    for row in record.entries.get(rule.entity.casefold(), ()):
        values = row.values
        amount, tax, total = _line(values, rule, included)
        local = tuple(round_half_up(each * rate, _MONEY_DIGITS) for each in (amount, tax, total))
        values[rule.amount], values[rule.tax], values[rule.total] = amount, tax, total
        values[rule.amount_lc], values[rule.tax_lc], values[rule.total_lc] = local
        for i, each in enumerate((amount, tax, total, *local)):
            totals[i] += each
    head = (rule.head_amount, rule.head_tax, rule.head_total, rule.head_amount_lc, rule.head_tax_lc, rule.head_total_lc)
    record.values.update(zip(head, totals, strict=True))


def _line(values: dict[str, Any], rule: AmountRule, included: bool) -> tuple[Decimal, Decimal, Decimal]:
    """Amount without tax, tax, and amount with tax of one line; sets the price that was not sent."""
    rate = (values.get(rule.tax_rate) or _ZERO) / _HUNDRED
    price, tax_price = values.get(rule.price), values.get(rule.tax_price)
    if included:
        if tax_price is None:
            tax_price = round_half_up((price or _ZERO) * (_ONE + rate), _PRICE_DIGITS)
        values[rule.tax_price] = tax_price
        values[rule.price] = round_half_up(tax_price / (_ONE + rate), _PRICE_DIGITS)
        gross = tax_price * (values.get(rule.quantity) or _ZERO)
    else:
        if price is None:
            price = round_half_up((tax_price or _ZERO) / (_ONE + rate), _PRICE_DIGITS)
        values[rule.price] = price
        values[rule.tax_price] = round_half_up(price * (_ONE + rate), _PRICE_DIGITS)
        gross = price * (values.get(rule.quantity) or _ZERO)
    if values.get(rule.free):
        return _ZERO, _ZERO, _ZERO
    net = round_half_up(gross - _discount(values, rule, gross), _MONEY_DIGITS)
    if included:
        tax = round_half_up(net * rate / (_ONE + rate), _MONEY_DIGITS)
        return net - tax, tax, net
    tax = round_half_up(net * rate, _MONEY_DIGITS)
    return net, tax, net + tax


def _discount(values: dict[str, Any], rule: AmountRule, gross: Decimal) -> Decimal:
    """The discount of a line: by its rate, or as the amount that was sent when there is no rate."""
    percent = values.get(rule.discount_rate)
    if percent:
        values["fdiscount"] = round_half_up(gross * percent / _HUNDRED, _MONEY_DIGITS)
        return gross * Decimal(percent) / _HUNDRED
    return values.get("fdiscount") or _ZERO


def _head(record: Record, name: str, default: Any) -> Any:
    return record.values.get(name, default)


def _exchange_rate(db: Database, record: Record, rule: AmountRule) -> Decimal:
    """The rate that was sent; 1 in local currency; else the one on file for the bill's day."""
    sent = _head(record, rule.rate, None)
    if sent:
        return Decimal(sent)
    currency, local = _head(record, rule.currency, None), _head(record, rule.local_currency, None)
    if currency is None or currency is local:
        rate = _ONE
    else:
        found = _rate_on_file(db, record, rule, currency)
        if found is None:
            raise Refusal([Problem(texts.required("汇率"), record.form.fields[rule.rate][1].key)])
        rate = found
    record.values[rule.rate] = rate
    return rate


def _rate_on_file(db: Database, record: Record, rule: AmountRule, currency: Record) -> Decimal | None:
    day = record.values.get(rule.day) or ""
    for each in db.store("BD_Rate").indexed("fcyforid", [currency.id]).values():
        values = each.values
        if (
            each.status == AUDITED
            and each.is_usable
            and values.get("fcytoid") is record.values.get(rule.local_currency)
            and values.get("fratetypeid") is record.values.get(rule.rate_type)
            and values["fbegdate"] <= day <= values["fenddate"]
        ):
            return Decimal(values["fexchangerate"])
    return None
