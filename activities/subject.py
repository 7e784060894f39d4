"""A document as its flow sees it: the parsed source snapshot with the scheme that maps it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from pydantic import BaseModel, ValidationError

from domain import holds, jsontext
from domain.complaints import explain
from domain.documents import DocumentKey, Hold
from domain.journal import DocumentRecord
from domain.paths import follow
from flows.catalogue import PLACEHOLDER, Scheme
from flows.checks import CHECKS
from flows.flow import Fate

_KEPT = 512
"""Parsed documents kept: the steps of one document usually run in one worker, moments apart."""


class Subjects:
    """Parses snapshots, remembering the latest ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[DocumentKey, str], BaseModel] = OrderedDict()

    def parse(self, scheme: Scheme, record: DocumentRecord) -> BaseModel:
        """The typed source document. Raises ValidationError."""
        at = (record.key, record.version)
        found = self._kept.get(at)
        if found is None:
            found = scheme.model.model_validate(jsontext.loads(record.body))
            self._kept[at] = found
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def invalid(error: ValidationError, scheme: Scheme) -> Hold:
    """The hold for a snapshot that breaks its model; names the first field, says how many more."""
    first, *others = explain(error)
    more = f"（另有 {len(others)} 处）" if others else ""
    return holds.source_invalid(first.field, first.expected + more, first.got, scheme.flow.owners)


def problems(scheme: Scheme, document: BaseModel) -> Hold | None:
    """The hold for the first check of the flow that the document fails."""
    for name in scheme.flow.checks:
        for problem in CHECKS[name](document):
            return holds.source_invalid(problem.field, problem.expected, problem.got, scheme.flow.owners)
    return None


def fate_of(scheme: Scheme, document: BaseModel) -> Fate:
    """The first case of the flow that fits; the last one always does."""
    for case in scheme.flow.fate:
        if case.path is None or value_at(document, case.path) in case.values:
            return case
    raise LookupError(f"flow {scheme.flow.flow} leaves a document without a fate")


def value_at(document: BaseModel, path: str, line: Any = None) -> Any:
    """The value of a checked `document.` or `line.` path."""
    scope, *rest = path.split(".")
    return follow(line if scope == "line" else document, tuple(rest))


def fill(template: str, document: BaseModel, line: Any = None) -> str:
    """A template with its ``{path}`` placeholders filled from the document."""
    return PLACEHOLDER.sub(lambda found: str(value_at(document, found[1], line)), template)


def gaps_closed(scheme: Scheme, document: BaseModel) -> list[str]:
    """The gap keys that are closed once the document's bill is posted."""
    target = scheme.flow.target
    if target.closes is None:
        return []
    if target.closes_each is None:
        return [fill(target.closes, document)]
    rows = value_at(document, target.closes_each)
    return list(dict.fromkeys(fill(target.closes, document, row) for row in rows))
