"""The text of a study file: YAML to plain data."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from workbench.study.problems import StudyError

SIZE_LIMIT = 2**20
_DEPTH_LIMIT = 20


def read_text(path: Path) -> str:
    """Read a study file's text.

    Raises
    ------
    StudyError
        If it can't be read, is larger than 1 MiB, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise StudyError([f"{path}: can't be read: {error.strerror or error}"]) from error
    if len(raw) > SIZE_LIMIT:
        raise StudyError(
            [f"{path}: must be at most 1 MiB ({SIZE_LIMIT:,} bytes) large; is this a study file and not the data?"]
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise StudyError([f"{path}: line {line}: must be UTF-8 text; save the file as UTF-8"]) from error


def parse_yaml(text: str, place: str) -> Any:
    """Turn YAML into plain data: mappings with text keys, lists, text, numbers, booleans, None.

    Scalars follow YAML 1.2: ``yes``, ``no``, ``on`` and ``off`` are text, ``1e-3`` is a number, dates are text. Keys
    are taken as they are written.

    Raises
    ------
    StudyError
        If the text is no YAML, repeats a key, holds an alias, or is nested more than 20 deep: names line and column.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader that knows fewer tags
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise StudyError([f"{place}: {at}{said}"]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        shown = repr(chr(error.character))
        raise StudyError([f"{place}: line {line}: the character {shown} can't stand in YAML"]) from error


class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain scalars, no aliases (a few bytes of them can stand for gigabytes), no repeated keys."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 - as the base class declares it
    yaml_constructors: ClassVar[dict[Any, Any]] = {}

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise self._refused("aliases (*name) are not read; write the value out")
        self._depth += 1
        if self._depth > _DEPTH_LIMIT:
            raise self._refused(f"values are nested more than {_DEPTH_LIMIT} deep")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _refused(self, problem: str) -> yaml.MarkedYAMLError:
        return _broken(problem, self.current_event)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _broken("a key must be plain text", key_node)
            key = key_node.value
            if key in mapping:
                raise _broken(f"the key {key!r} occurs twice; keep one", key_node)
            mapping[key] = self.construct_object(value_node, deep=deep)
        return mapping


def _broken(problem: str, at: Any) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, at.start_mark)


def _number(loader: _Loader, node: yaml.ScalarNode) -> int | float:
    text = str(node.value)
    try:
        if node.tag.endswith(":int"):
            return int(text, 0 if text.startswith(("0o", "0x")) else 10)
        number = float(text)
    except ValueError as error:
        raise _broken("a number can't be read", node) from error
    if not math.isfinite(number):
        raise _broken(f"the number {text} is too large", node)
    return number


def _null(loader: _Loader, node: yaml.ScalarNode) -> None:
    return None


def _boolean(loader: _Loader, node: yaml.ScalarNode) -> bool:
    return str(node.value).lower() == "true"


_SCALARS = (
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", ""), _null),
    ("bool", r"true|True|TRUE|false|False|FALSE", tuple("tTfF"), _boolean),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", tuple("-+0123456789"), _number),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", tuple("-+.0123456789"), _number),
)
for _kind, _pattern, _first, _construct in _SCALARS:
    _tag = f"tag:yaml.org,2002:{_kind}"
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), list(_first))
    _Loader.add_constructor(_tag, _construct)
for _kept in (None, "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"):
    _Loader.add_constructor(_kept, yaml.SafeLoader.yaml_constructors[_kept])
