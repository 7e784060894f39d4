"""What of a document reaches the books, read off a flow's own field table: nothing a flow file has to say twice.

The keys by which a bill is compared are filled by rules; these rules, run by themselves, give the bill as far as it is
compared, and the paths in them say what the source calls its shop, its warehouse and its SKU.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.mapping import Each, Group, Lookup, Rule, Source, When, rules_in
from flows.catalogue import Scheme


@dataclass(frozen=True)
class Booked:
    """See the module.

    Attributes:
        fields: the part of the field table that is compared.
        lookups: the look-ups in it, with the list whose rows they see.
        each: path of the list that becomes the bill's lines.
        partner: the rule that says whom the bill goes to, if there is one.
        stock: the look-up that says which warehouse the goods leave or reach, if there is one.
        shop, warehouse, sku: paths of the source's own words; None where a rule takes none.
    """

    fields: Mapping[str, Rule]
    lookups: tuple[tuple[Lookup, str | None], ...]
    each: str
    partner: Rule | None
    stock: Lookup | None
    shop: str | None
    warehouse: str | None
    sku: str | None


def booked(scheme: Scheme) -> Booked:
    """Read it off a flow."""
    form = scheme.form
    heads = {_first(key) for key in (form.reference, *form.compared, form.date, form.partner) if key}
    on_lines = {_first(key) for key in (form.material, form.quantity, form.price, form.stock) if key}
    fields: dict[str, Rule] = {}
    each, lines = "", dict[str, Rule]()
    for key, rule in scheme.flow.fields.items():
        if key == form.entry and isinstance(rule, Each):
            each, lines = rule.each, _only(rule.fields, on_lines)
            fields[key] = rule.model_copy(update={"fields": lines})
        elif _first(key) in heads:
            fields[key] = rule
        elif isinstance(rule, Group):
            kept = _only(rule.fields, heads)
            fields |= {key: rule.model_copy(update={"fields": kept})} if kept else {}
    partner = _rule_of(fields, form.partner)
    lookups = tuple((rule, of) for rule, of in rules_in(fields) if isinstance(rule, Lookup))
    return Booked(
        fields=fields,
        lookups=lookups,
        each=each,
        partner=partner,
        stock=_lookup(_rule_of(lines, form.stock)),
        shop=_word(partner),
        warehouse=_word(_rule_of(lines, form.stock)),
        sku=_word(_rule_of(lines, form.material)),
    )


def _first(key: str) -> str:
    return key.partition(".")[0]


def _only(fields: Mapping[str, Rule], firsts: Iterable[str]) -> dict[str, Rule]:
    return {key: rule for key, rule in fields.items() if _first(key) in firsts}


def _rule_of(fields: Mapping[str, Rule], key: str) -> Rule | None:
    """The rule that fills a key, in the head or in one of its groups."""
    for name, rule in fields.items():
        if key and _first(name) == _first(key):
            return rule
        found = _rule_of(rule.fields, key) if isinstance(rule, Group) else None
        if found is not None:
            return found
    return None


def _lookup(rule: Rule | None) -> Lookup | None:
    """The look-up a rule comes down to, behind whatever conditions."""
    if isinstance(rule, When):
        return _lookup(rule.then) or _lookup(rule.otherwise)
    return rule if isinstance(rule, Lookup) else None


def _word(rule: Rule | None) -> str | None:
    """The path of what the source calls the value, before any mapping table is asked."""
    match rule:
        case Lookup():
            return rule.key
        case Source():
            return rule.source
        case When():
            return _word(rule.then) or _word(rule.otherwise)
        case Group():
            return next((path for path in map(_word, rule.fields.values()) if path is not None), None)
        case _:
            return None
