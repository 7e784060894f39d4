"""YAML with line numbers and exact numbers: each value remembers where it stood, a fraction becomes a `Decimal`."""

from __future__ import annotations

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
        FlowFileError: not YAML, or a key given twice.
    """
    loader = _Loader(file.read_text(encoding="utf-8"))
    lines: Lines = {}
    try:
        node = loader.get_single_node()
        return (_tree(loader, node, (), lines, file) if node is not None else None), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FlowFileError(
            file, mark.line + 1 if mark else 1, "(file)", f"expected YAML, {error.problem or error.context}"
        ) from error
    finally:
        loader.dispose()


def _tree(loader: _Loader, node: yaml.Node, path: tuple[str | int, ...], lines: Lines, file: Path) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        tree: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in tree:
                raise FlowFileError(
                    file, key_node.start_mark.line + 1, key, "expected each key once, it is given twice"
                )
            tree[key] = _tree(loader, value_node, (*path, key), lines, file)
            lines[(*path, key)] = key_node.start_mark.line + 1
        return tree
    if isinstance(node, yaml.SequenceNode):
        return [_tree(loader, item, (*path, index), lines, file) for index, item in enumerate(node.value)]
    return loader.construct_object(node)


def line_of(lines: Lines, path: tuple[str | int, ...]) -> int:
    """Line of the value at `path`, or of the nearest thing around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
