"""What a function depends on: the sources of its module and of all that the module imports."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from workbench.store.files import StoreError


@functools.cache
def source_hash(*modules: str) -> str:
    """Hash the sources of modules and of all that they import, transitively, from workbench and from their own package.

    Imports are read from the source, those inside functions included; nothing is imported. What a module finds at run
    time (a package walk, ``importlib.import_module``) is not seen: name it among `modules`.

    Raises
    ------
    StoreError
        If one of the modules has no source file.

    Examples
    --------
    >>> source_hash("workbench.store") == source_hash("workbench.store", "workbench")
    True
    """
    homes = {"workbench", *(name.partition(".")[0] for name in modules)}
    digests: dict[str, str] = {}
    waiting, seen = set(modules), set[str]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        path = _source(name) if name.partition(".")[0] in homes else None
        if path is None:
            continue
        content = path.read_bytes()
        digests[name] = hashlib.sha256(content).hexdigest()
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        waiting |= {name.rpartition(".")[0], *_imports(content, package, path)} - seen
    if missing := [name for name in modules if name not in digests]:
        raise StoreError(f"source_hash: module {missing[0]} has no source file; give the name of an importable module")
    return hashlib.sha256("\n".join(f"{name} {digests[name]}" for name in sorted(digests)).encode()).hexdigest()


def _source(name: str) -> Path | None:
    """Find a module's file without importing anything: only the top package is asked for its place."""
    top, *rest = name.split(".")
    spec = importlib.util.find_spec(top) if top else None
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.has_location and spec.origin else None
    for place in spec.submodule_search_locations or ():
        for path in (Path(place, *rest, "__init__.py"), Path(place, *rest[:-1], f"{rest[-1]}.py")):
            if path.is_file():
                return path
    return None


@functools.cache
def _imports(content: bytes, package: str, path: Path) -> frozenset[str]:
    """Name what a source imports; remembered, as the same modules lie behind most units, and parsing takes long."""
    return frozenset(_named(ast.parse(content, path), package))


def _named(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)  # a name may be a module itself
