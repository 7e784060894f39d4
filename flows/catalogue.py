"""Loads every flow file and refuses one that could not work: unknown paths, keys the form does not have, missing ones.

A complaint names the file, the line, the field and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, get_args, get_origin

from pydantic import BaseModel

from domain.conversions import CONVERSIONS
from domain.erp import BillForm, Match
from domain.mapping import (
    SCOPES,
    Const,
    Each,
    Group,
    Link,
    Lookup,
    Rows,
    Rule,
    Scalar,
    Source,
    When,
    rules_in,
    split_path,
)
from domain.paths import PathError, row_type, type_at
from domain.rates import Rate
from flows.checks import CHECKS
from flows.complaints import parse
from flows.flow import Fate, Flow, Form, Then, Variant
from flows.yamltree import FlowFileError, Lines, line_of, load

HERE = Path(__file__).parent
PLACEHOLDER = re.compile(r"\{([a-z_.]+)\}")


class BillFacts(BaseModel):
    """What a rule may say of our bill: `bill.number`."""

    number: str


@dataclass(frozen=True)
class Scheme:
    """A checked flow with everything derived from it that is needed for each document."""

    flow: Flow
    form: Form
    model: type[BaseModel]
    file: Path

    @cached_property
    def lookups(self) -> tuple[tuple[Lookup, str | None], ...]:
        """Every look-up with the list whose rows it sees, those of the links included."""
        in_fields = [(rule, each) for rule, each in rules_in(self.flow.fields) if isinstance(rule, Lookup)]
        in_links = [
            (rule, link.each)
            for link in self.flow.links.values()
            for rule in link.match.values()
            if isinstance(rule, Lookup)
        ]
        return (*in_fields, *in_links)

    @cached_property
    def readback(self) -> BillForm:
        """The keys with which its bills are read back; what the flow fixes of them tells its bills from others."""
        fixed = {
            key: str(rule.const)
            for key, rule in self.flow.fields.items()
            if key in self.form.compared and isinstance(rule, Const)
        }
        only = tuple(Match(key=key, values=(value,)) for key, value in fixed.items())
        return self.form.readback().model_copy(update={"only": only})

    @cached_property
    def link_fields(self) -> dict[str, tuple[str, ...]]:
        """For each link, the ERP keys its rules take."""
        taken: dict[str, dict[str, None]] = {name: {} for name in self.flow.links}
        for rule, _ in rules_in(self.flow.fields):
            if isinstance(rule, Link):
                taken[rule.link][rule.value] = None
        return {name: tuple(keys) for name, keys in taken.items()}


class Catalogue:
    """All flows by name.

    Args:
        variants: by flow and ERP system, where a flow's bills go to another ERP than its own file says.
    """

    def __init__(self, schemes: Mapping[str, Scheme], variants: Mapping[tuple[str, str], Scheme] | None = None) -> None:
        self._schemes = dict(schemes)
        self._variants = dict(variants or {})

    def __iter__(self) -> Iterator[Scheme]:
        return iter(self._schemes.values())

    def __len__(self) -> int:
        return len(self._schemes)

    def __getitem__(self, flow: str) -> Scheme:
        """Raises KeyError, naming the flows there are."""
        if flow not in self._schemes:
            raise KeyError(f"no flow {flow!r}; there are {', '.join(sorted(self._schemes))}")
        return self._schemes[flow]

    def of(self, flow: str, system: str) -> Scheme:
        """The flow as it is where its bills go to that ERP. Raises KeyError: there is none for it."""
        own = self[flow]
        found = own if own.form.system == system else self._variants.get((flow, system))
        if found is None:
            raise KeyError(f"flow {flow!r} has no target for {system}")
        return found

    @property
    def variants(self) -> Iterator[Scheme]:
        """The flows as they are where their bills go to another ERP."""
        return iter(self._variants.values())


def load_forms(folder: Path = HERE / "forms") -> dict[str, Form]:
    """Every form definition by form id. Raises FlowFileError."""
    forms: dict[str, Form] = {}
    files: dict[str, Path] = {}
    for file in sorted(folder.rglob("*.yaml")):
        form = parse(Form, file)[0]
        if form.form in forms:
            raise _taken(file, "form", form.form, files[form.form])
        forms[form.form], files[form.form] = form, file
    return forms


def _taken(file: Path, field: str, name: str, other: Path) -> FlowFileError:
    line = line_of(load(file)[1], (field,))
    return FlowFileError(file, line, field, f"expected a name of its own, {name!r} is taken by {other}")


def load_flow(file: Path, models: Mapping[str, type[BaseModel]], forms: Mapping[str, Form]) -> Scheme:
    """One flow file, checked against the model of its stream and the key list of its form. Raises FlowFileError."""
    flow, lines = parse(Flow, file)
    return _Checker(file, lines, flow, models, forms).check()


def load_catalogue(
    models: Mapping[str, type[BaseModel]], folder: Path = HERE, forms: Mapping[str, Form] | None = None
) -> Catalogue:
    """Every flow file of a folder. Raises FlowFileError at the first one that is wrong."""
    forms = load_forms() if forms is None else forms
    schemes: dict[str, Scheme] = {}
    for file in sorted(folder.glob("*.yaml")):
        scheme = load_flow(file, models, forms)
        if scheme.flow.flow in schemes:
            other = schemes[scheme.flow.flow].file
            raise _taken(file, "flow", scheme.flow.flow, other)
        schemes[scheme.flow.flow] = scheme
    _refuse_shared_numbers(schemes.values())
    variants: dict[tuple[str, str], Scheme] = {}
    for file in sorted((folder / "variants").rglob("*.yaml")):
        scheme = _load_variant(file, schemes, models, forms)
        if variants.setdefault((scheme.flow.flow, scheme.form.system), scheme) is not scheme:
            raise _taken(file, "flow", scheme.flow.flow, variants[scheme.flow.flow, scheme.form.system].file)
    _refuse_shared_numbers(variants.values())
    return Catalogue(schemes, variants)


def _refuse_shared_numbers(schemes: Iterable[Scheme]) -> None:
    """Documents of two streams may have one number; in one form their bills need two."""
    seen: dict[tuple[str, str], Scheme] = {}
    for scheme in schemes:
        target = scheme.flow.target
        other = seen.setdefault((target.form, target.number_suffix), scheme)
        if other.flow.source.stream != scheme.flow.source.stream:
            line = line_of(load(scheme.file)[1], ("target",))
            expected = f"expected a suffix of its own: {other.file} posts documents of another stream to {target.form}"
            raise FlowFileError(scheme.file, line, "target.number_suffix", expected)


def _load_variant(
    file: Path, schemes: Mapping[str, Scheme], models: Mapping[str, type[BaseModel]], forms: Mapping[str, Form]
) -> Scheme:
    """A flow with another target laid over it. Raises FlowFileError."""
    variant, lines = parse(Variant, file)
    if variant.flow not in schemes:
        there = ", ".join(sorted(schemes))
        raise FlowFileError(file, line_of(lines, ("flow",)), "flow", f"expected one of {there}")
    parts = {name: getattr(variant, name) for name in ("target", "links", "fields")}
    flow = schemes[variant.flow].flow.model_copy(update=parts)
    return _Checker(file, lines, flow, models, forms).check()


@dataclass
class _Checker:
    """Checks one flow; each complaint knows where it stands in the file."""

    file: Path
    lines: Lines
    flow: Flow
    models: Mapping[str, type[BaseModel]]
    forms: Mapping[str, Form]

    def check(self) -> Scheme:
        flow = self.flow
        if flow.source.stream not in self.models:
            self._fail(("source", "stream"), f"expected one of {', '.join(sorted(self.models))}")
        if flow.target.form not in self.forms:
            self._fail(("target", "form"), f"expected one of {', '.join(sorted(self.forms))}")
        self.model = self.models[flow.source.stream]
        self.form = self.forms[flow.target.form]
        if flow.target.submit_and_audit and not self.form.at_once:
            self._fail(("target", "submit_and_audit"), f"expected false: {flow.target.form} is posted in three calls")
        for name, path in (("currency", flow.rate.currency), ("day", flow.rate.day)):
            self._path(path, None, ("rate", name))
        for i, case in enumerate(flow.fate):
            self._fate(i, case)
        for i, check in enumerate(flow.checks):
            if check not in CHECKS:
                self._fail(("checks", i), f"expected one of {', '.join(sorted(CHECKS))}")
        for name, link in flow.links.items():
            at = ("links", name)
            self._path(link.each, None, (*at, "each"), rows=True)
            self._path(link.quantity, link.each, (*at, "quantity"))
            self._placeholders(link.gap, link.each, (*at, "gap"))
            for key, rule in link.match.items():
                self._rule(rule, link.each, (*at, "match", key))
        if flow.target.closes is not None:
            if flow.target.closes_each is not None:
                self._path(flow.target.closes_each, None, ("target", "closes_each"), rows=True)
            self._placeholders(flow.target.closes, flow.target.closes_each, ("target", "closes"))
        self._fields(flow.fields, "", None, ("fields",))
        self._required()
        return Scheme(flow, self.form, self.model, self.file)

    def _fail(self, at: tuple[str | int, ...], expected: str) -> NoReturn:
        raise FlowFileError(self.file, line_of(self.lines, at), ".".join(str(part) for part in at), expected)

    def _fate(self, i: int, case: Fate) -> None:
        if case.path is not None:
            self._comparable(self._path(case.path, None, ("fate", i, "if")), case.values, ("fate", i, "in"))
        elif i + 1 < len(self.flow.fate):
            self._fail(("fate", i), "expected an `if`: only the last case may be without, later ones are never reached")
        if i + 1 == len(self.flow.fate) and case.path is not None:
            self._fail(("fate", i), "expected the last case to have no `if`, so that every document has a fate")
        if case.gap is not None:
            self._placeholders(case.gap, None, ("fate", i, "gap"))
        if (case.then is Then.WAIT) != (case.hold is not None):
            self._fail(("fate", i), "expected `hold` (a hold reason) with `then: wait`, and only there")
        if case.then is Then.SKIP and case.skip is None:
            self._fail(("fate", i), "expected `skip` (a skip reason) with `then: skip`")
        if case.skip is not None and case.then not in (Then.SKIP, Then.REVERSE):
            self._fail(("fate", i), "expected `skip` only with `then: skip` or `then: reverse`")

    def _comparable(self, found: Any, values: tuple[Scalar, ...], at: tuple[str | int, ...]) -> None:
        """A value of another type, or one an enumeration does not have, would silently never be met."""
        if not values:
            self._fail(at, "expected at least one value")
        for value in values:
            if _is(found, Enum) and value not in list(found):
                self._fail(at, f"expected one of {', '.join(found)}, got {value!r}")
            for kind, name in ((bool, "true or false"), (str, "texts"), ((int, Decimal), "numbers")):
                if _is(found, kind):
                    if not isinstance(value, kind):
                        self._fail(at, f"expected {name}, got {value!r}")
                    break

    def _placeholders(self, text: str, each: str | None, at: tuple[str | int, ...]) -> None:
        if set("{}") & set(PLACEHOLDER.sub("", text)):
            self._fail(at, f"expected placeholders like {{document.number}}, got {text!r}")
        for path in PLACEHOLDER.findall(text):
            self._path(path, each, at)

    def _path(self, path: str, each: str | None, at: tuple[str | int, ...], *, rows: bool = False) -> Any:
        """The type of the value there, or of a row of the list there. It is a single value unless `rows` are asked."""
        scope, *rest = split_path(path)
        if scope not in SCOPES:
            self._fail(at, f"expected a path starting with {', '.join(SCOPES)}, got {path!r}")
        if scope == "line" and each is None:
            self._fail(at, "expected no `line.` here: there is no `each` around it")
        roots: dict[str, type[BaseModel]] = {"document": self.model, "rate": Rate, "bill": BillFacts}
        if each is not None:
            roots["line"] = row_type(self.model, split_path(each)[1:])
        try:
            found = (row_type if rows else type_at)(roots[scope], tuple(rest))
        except PathError as error:
            self._fail(at, f"expected a path of {roots[scope].__name__}, {error}")
        if not rows and (get_origin(found) in (tuple, list) or _is(found, BaseModel)):
            self._fail(at, f"expected the path of a single value, {path!r} leads to more")
        return found

    def _fields(self, fields: Mapping[str, Rule], parent: str, each: str | None, at: tuple[str | int, ...]) -> None:
        for key, rule in fields.items():
            here = (*at, key)
            for other in fields:
                if key.startswith(f"{other}."):
                    self._fail(here, f"expected a key apart from {other}, which has a rule of its own")
            self._key(key, parent, rule, here)
            self._rule(rule, each, here, key)

    def _key(self, key: str, parent: str, rule: Rule, at: tuple[str | int, ...]) -> None:
        first = key.partition(".")[0]
        if first.startswith("F_"):
            return
        if parent.endswith("_Link") and first.startswith(f"{parent}_"):
            return
        known = self._keys_of(parent)
        nested = isinstance(rule, (Each, Group)) and first in (*self.form.head, *self.form.entries)
        if first not in known and not nested:
            where = parent or "the head"
            self._fail(at, f"expected a key of {self.form.form} in {where}, got {first!r}")

    def _keys_of(self, parent: str) -> tuple[str, ...]:
        return self.form.entries.get(parent, self.form.head.get(parent, ()))

    def _rule(self, rule: Rule, each: str | None, at: tuple[str | int, ...], key: str = "") -> None:
        match rule:
            case Source() | Lookup() | Link():
                self._leaf(rule, each, at)
            case When():
                if isinstance(rule.when, (Lookup, Link, Source)):
                    self._comparable(self._compared(rule.when, each, (*at, "when")), rule.equals, (*at, "is"))
                for name, part in (("when", rule.when), ("then", rule.then), ("else", rule.otherwise)):
                    if part is not None:
                        self._rule(part, each, (*at, name), key)
            case Each():
                if each is not None:
                    self._fail((*at, "each"), "expected no `each` inside another one")
                self._path(rule.each, None, (*at, "each"), rows=True)
                self._fields(rule.fields, key, rule.each, (*at, "fields"))
            case Group():
                self._fields(rule.fields, key, each, (*at, "fields"))
            case Rows():
                for i, row in enumerate(rule.rows):
                    self._fields(row, key, each, (*at, "rows", i))
            case Const():
                pass

    def _compared(self, rule: Source | Lookup | Link, each: str | None, at: tuple[str | int, ...]) -> Any:
        """The type of what a `when` looks at, as far as it is known: a mapping row holds texts."""
        if isinstance(rule, Source) and rule.convert is None:
            return self._path(rule.source, each, (*at, "source"))
        return str if isinstance(rule, Lookup) else None

    def _leaf(self, rule: Source | Lookup | Link, each: str | None, at: tuple[str | int, ...]) -> None:
        match rule:
            case Source():
                found = self._path(rule.source, each, (*at, "source"))
                if rule.convert is None and any(_is(one, date) for one in (found, *get_args(found))):
                    self._fail(at, f"expected a convert: {rule.source} is a time, which cannot be written as it is")
                if rule.convert is not None and rule.convert not in CONVERSIONS:
                    self._fail((*at, "convert"), f"expected one of {', '.join(sorted(CONVERSIONS))}")
            case Lookup():
                self._path(rule.key, each, (*at, "key"))
            case Link():
                if rule.link not in self.flow.links:
                    links = ", ".join(self.flow.links) or "(there are none)"
                    self._fail((*at, "link"), f"expected one of the links {links}")
                elif self.flow.links[rule.link].each != each:
                    self._fail((*at, "link"), f"expected a link only inside each: {self.flow.links[rule.link].each}")

    def _required(self) -> None:
        form = self.form
        for dotted in form.required:
            self._given(dotted, f"{form.form} cannot be saved without it")
        group = next((group for group, keys in form.head.items() if form.reference in keys), "")
        line = (f"{form.entry}.{key.partition('.')[0]}" for key in (form.material, form.quantity))
        for dotted in (f"{group}.{form.reference}".lstrip("."), *line):
            self._given(dotted, f"a bill of {form.form} is recognised by it")

    def _given(self, dotted: str, why: str) -> None:
        *parents, leaf = dotted.split(".")
        fields: Mapping[str, Rule] = self.flow.fields
        at: tuple[str | int, ...] = ("fields",)
        for parent in parents:
            rule = fields.get(parent)
            fields = rule.fields if isinstance(rule, (Each, Group)) else {}
            at = (*at, parent)
        if not any(key.split(".")[0] == leaf for key in fields):
            self._fail(at, f"expected a rule for {dotted}, {why}")


def _is(found: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(found, type) and issubclass(found, kind)
