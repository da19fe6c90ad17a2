"""The entries of ``models`` and ``explain``: a name of a registry, alone or with parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from workbench.study.parts import file_name
from workbench.study.problems import Loc, Problem, nearest, problems_of, shown

Registry = Mapping[str, type[Any]]
Specs = tuple[list[dict[str, Any]], list[Problem]]


def read_models(entries: list[Any], families: Registry) -> Specs:
    """Read ``tree`` and ``{tree: {name: small-tree, max_leaf_nodes: 12}}``: name, family, parameters."""
    specs: list[dict[str, Any]] = []
    problems: list[Problem] = []
    taken: dict[str, int] = {}
    for n, family, given in _entries(entries, "models", families, problems):
        where: Loc = ("models", n, family)
        name = given.pop("name", family)
        params = _checked(families[family].Parameters, given, where, problems)
        try:
            file_name(name)
        except ValueError as error:
            problems.append(Problem((*where, "name"), f"{error}; got {shown(name)}"))
            continue
        # some file systems take Tree and tree for one
        if (first := taken.setdefault(name.casefold(), n)) != n:
            text = f"has the name {name!r} that models[{first}] has; give it another by name: ..."
            problems.append(Problem(where, text))
        specs.append({"name": name, "family": family, "params": params})
    return specs, problems


def read_questions(entries: list[Any], explainers: Registry) -> Specs:
    """Read ``shap`` and ``{partial_dependence: {grid_resolution: 20}}``: method and options."""
    specs: list[dict[str, Any]] = []
    problems: list[Problem] = []
    asked: dict[str, int] = {}
    for n, method, given in _entries(entries, "explain", explainers, problems):
        where: Loc = ("explain", n, method)
        if (first := asked.setdefault(method, n)) != n:
            problems.append(
                Problem(where, f"is asked for in explain[{first}] already; ask once, with one set of options")
            )
        options = _checked(explainers[method].Options, given, where, problems)
        specs.append({"method": method, "options": options})
    return specs, problems


def _entries(
    entries: list[Any], section: str, registry: Registry, problems: list[Problem]
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield position, name and what was given with it; what is no entry goes to the problems."""
    thing, options_are = ("family", "parameters") if section == "models" else ("explainer", "options")
    for n, entry in enumerate(entries):
        where: Loc = (section, n)
        if isinstance(entry, str) and entry in registry:
            yield n, entry, {}
        elif isinstance(entry, str):
            problems.append(Problem(where, f"must be a known {thing}; got {shown(entry)}; {nearest(entry, registry)}"))
        elif not isinstance(entry, dict) or not entry:
            text = f"must be the name of a known {thing}, alone or with {options_are}; got {shown(entry)}"
            problems.append(Problem(where, text))
        elif len(entry) > 1:
            key = next(iter(entry))
            text = f"must be one {thing} with its {options_are}; got the keys {', '.join(entry)}"
            step = f"indent the {options_are} of {key} below it" if key in registry else "give each its own '- '"
            problems.append(Problem(where, f"{text}; {step}"))
        else:
            ((key, given),) = entry.items()
            if key not in registry:
                problems.append(Problem((*where, key), f"is not a known {thing}; {nearest(key, registry)}"))
            elif not isinstance(given, dict):
                text = f"must be a mapping of {options_are}; got {shown(given)}; '- {key}' alone takes the defaults"
                problems.append(Problem((*where, key), text))
            else:
                yield n, key, dict(given)


def _checked(model: type[BaseModel], given: dict[str, Any], where: Loc, problems: list[Problem]) -> dict[str, Any]:
    """Check parameters against their model, and give those that were set: defaults stay open to seed and quick runs."""
    try:
        return model.model_validate_json(json.dumps(given), strict=True).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        problems += problems_of(error, model, given, where)
        return {}
