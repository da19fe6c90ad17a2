"""Broken rules of a study as sentences: place, key path, rule, value, next step."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

Loc = tuple[str | int, ...]


class StudyError(ValueError):
    """A study can't be used as it is; the message has one line per problem: place, rule, value, next step.

    Attributes
    ----------
    problems : tuple of str
        The lines of the message.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


@dataclass(frozen=True)
class Problem:
    """One broken rule: where (a key path) and what is wrong there."""

    where: Loc
    text: str

    def __str__(self) -> str:
        return f"{path_text(self.where)} {self.text}" if self.where else self.text


def path_text(where: Loc) -> str:
    """Write a key path as it is read: ``models[2].ebm.preset``, ``data.columns['free acid'].unit``."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[^\W\d][\w-]*", part):
            text += f".{part}" if text else part
        else:
            text += f"[{part!r}]"
    return text


def shown(value: Any) -> str:
    """Write a value as an error shows it: short, and in the words of YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def nearest(name: str, known: Iterable[str], *, what: str = "known") -> str:
    """Give the next step after an unknown name: the nearest known one, or all of them."""
    names = list(known)
    if close := difflib.get_close_matches(name.lower(), names, n=1):
        return f"did you mean {close[0]!r}?"
    return f"{what}: {', '.join(names)}" if names else f"{what}: none"


_RULES = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), "a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "a mapping of keys"),
    "string_type": "text",
    "finite_number": "a finite number",
    "none_required": "null",
    "greater_than": "greater than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "multiple_of": "a multiple of {multiple_of:g}",
    "too_short": "a list of {min_length} or more",
    "too_long": "a list of {max_length} or fewer",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
}


def problems_of(error: ValidationError, model: type[BaseModel], data: Any, at: Loc = ()) -> list[Problem]:
    """Turn what pydantic found into problems, one per key path; the branches of a union are joined by "or".

    Parameters
    ----------
    error : ValidationError
    model : type of BaseModel
        The model that the data were checked against: for the keys that it knows.
    data : mapping
        What was checked.
    at : tuple
        The key path of the data in the study file.
    """
    found: dict[Loc, list[Mapping[str, Any]]] = {}
    branches: set[Loc] = set()
    for details in error.errors(include_url=False):
        where = _inside(data, details["loc"], keep_last=details["type"] == "missing")
        if len(where) < len(details["loc"]):
            branches.add(where)
        found.setdefault(where, []).append(details)
    # of a union's branches the one that was entered tells more than "must be text" from the others; and a list is
    # called too short where its entries are wrong
    deeper = {where[:n] for where in found for n in range(len(where))}
    branches |= {where for where, several in found.items() if several[0]["type"] == "too_short"}
    return [
        Problem((*at, *where), _sentence(model, where, several))
        for where, several in found.items()
        if not (where in branches and where in deeper)
    ]


def _inside(data: Any, loc: Loc, *, keep_last: bool) -> Loc:
    """Keep of pydantic's location what is a key or an index; it names branches of unions as well."""
    path: list[str | int] = []
    for n, part in enumerate(loc):
        is_key = isinstance(data, Mapping) and part in data
        if is_key or (isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)):
            data = data[part]
            path.append(part)
        elif keep_last and n == len(loc) - 1:
            path.append(part)
    return tuple(path)


def _sentence(model: type[BaseModel], where: Loc, several: Sequence[Mapping[str, Any]]) -> str:
    first = several[0]
    kind, value = first["type"], first["input"]
    if kind == "extra_forbidden":
        return f"is not a known key; {nearest(str(where[-1]), _fields_at(model, where[:-1]), what='known keys')}"
    if kind == "missing":
        field = _fields_at(model, where[:-1]).get(str(where[-1]))
        return f"is missing; it is: {field.description}" if field and field.description else "is missing"
    if own := next((d for d in several if d["type"] in ("value_error", "assertion_error")), None):
        return _with_value(str(own["ctx"]["error"]), value)
    rules = [rule for d in several if (rule := _rule(d))]
    if not rules:
        return _with_value(f"is not valid: {first['msg']}", value)
    step = "; put it in quotes" if "text" in rules and isinstance(value, int | float) else ""
    return _with_value(f"must be {' or '.join(dict.fromkeys(rules))}", value) + step


def _with_value(text: str, value: Any) -> str:
    return text if "; got " in text else f"{text}; got {shown(value)}"


def _rule(details: Mapping[str, Any]) -> str:
    """Say what would be right, to follow "must be"."""
    if details["type"] in ("literal_error", "enum"):
        options = re.sub(r" or (?=\S+$)", ", ", str(details["ctx"]["expected"])).replace("'", "")
        return f"one of {options}" if ", " in options else options
    return _RULES.get(details["type"], "").format(**details.get("ctx", {}))


def _fields_at(model: type[BaseModel], where: Loc) -> dict[str, FieldInfo]:
    """Give the keys that a model knows at a path; none where anything may stand."""
    parts = iter(where)
    for part in parts:
        field = _fields(model).get(str(part))
        inner = None if field is None else _inner_model(field.annotation)
        if field is None or inner is None:
            return {}
        if get_origin(field.annotation) in (dict, list, tuple):
            next(parts, None)  # a free key, such as a column's name, or an index
        model = inner
    return _fields(model)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for arg in get_args(annotation) if (m := _inner_model(arg)) is not None), None)
