"""YAML with line numbers and exact numbers: each value remembers where it stood, a fraction becomes a `Decimal`."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

Lines = dict[tuple[str | int, ...], int]


class FlowFileError(ValueError):
    """A file that says what it must not. Names file, line, field and what was expected."""

    def __init__(self, file: Path, line: int, field: str, expected: str) -> None:
        super().__init__(f"{file}:{line}: {field}: {expected}")
        self.file, self.line, self.field, self.expected = file, line, field, expected


class _Loader(yaml.SafeLoader):
    """Safe loader without floats and without dates: both lose what was written."""


_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: Decimal(node.value))
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)


def load(file: Path) -> tuple[Any, Lines]:
    """The file's tree and, for the path of every value, its line.

    Raises:
        FlowFileError: not YAML in UTF-8, or a key given twice.
    """
    raw = file.read_bytes()
    try:
        loader = _Loader(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FlowFileError(file, raw.count(b"\n", 0, error.start) + 1, "(file)", "expected text in UTF-8") from error
    except yaml.reader.ReaderError as error:
        line = raw.decode("utf-8").count("\n", 0, error.position) + 1
        raise FlowFileError(file, line, "(file)", f"expected YAML, {error.reason}") from error
    reading = _Reading(loader, file)
    try:
        node = loader.get_single_node()
        return (reading.tree(node, (), ()) if node is not None else None), reading.lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FlowFileError(
            file, mark.line + 1 if mark else 1, "(file)", f"expected YAML, {error.problem or error.context}"
        ) from error
    finally:
        loader.dispose()


@dataclass
class _Reading:
    """One file being read."""

    loader: _Loader
    file: Path
    lines: Lines = field(default_factory=dict)

    def tree(self, node: yaml.Node, path: tuple[str | int, ...], around: tuple[yaml.Node, ...]) -> Any:
        """The value of a node that stands at `path`, inside the nodes `around`."""
        self.lines[path] = node.start_mark.line + 1
        if any(node is one for one in around):
            raise self._fail(node, path, "expected no alias of what is around it")
        around = (*around, node)
        if isinstance(node, yaml.MappingNode):
            tree: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                here = (*path, key)
                if key in tree:
                    raise self._fail(key_node, here, "expected each key once, it is given twice")
                tree[key] = self.tree(value_node, here, around)
                self.lines[here] = key_node.start_mark.line + 1
            return tree
        if isinstance(node, yaml.SequenceNode):
            return [self.tree(item, (*path, index), around) for index, item in enumerate(node.value)]
        try:
            return self.loader.construct_object(node)
        except (ValueError, KeyError, ArithmeticError) as error:
            raise self._fail(node, path, f"expected a value YAML can read, got {node.value!r}") from error

    def _fail(self, node: yaml.Node, path: tuple[str | int, ...], expected: str) -> FlowFileError:
        return FlowFileError(self.file, node.start_mark.line + 1, ".".join(str(part) for part in path), expected)


def line_of(lines: Lines, path: tuple[str | int, ...]) -> int:
    """Line of the value at `path`, or of the nearest thing around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
