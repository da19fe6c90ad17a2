"""Discovery: the classes of a package's modules, and those that other distributions offer by entry points."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
from collections.abc import Callable
from functools import cached_property
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """The named subclasses of one base class, found when first asked for.

    Parameters
    ----------
    package : str
        The package whose modules are walked; also the name of the entry point group.
    base : type
        Each subclass with a non-empty class attribute ``name`` counts.
    noun : str
        What one of them is called in an error.
    """

    def __init__(self, package: str, base: type[T], noun: str) -> None:
        self._package, self._base, self._noun = package, base, noun

    @cached_property
    def classes(self) -> dict[str, type[T]]:
        """All classes by name, in the order of their names.

        Raises
        ------
        ValueError
            If two classes have the same name, or an entry point gives no class of the base.
        """
        found: dict[str, type[T]] = {}
        package = importlib.import_module(self._package)
        for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
            for value in vars(importlib.import_module(f"{self._package}.{module}")).values():
                if isinstance(value, type) and issubclass(value, self._base) and value.__dict__.get("name"):
                    self._add(found, value, f"{self._package}.{module}")
        for point in entry_points(group=self._package):
            value = point.load()
            if not (isinstance(value, type) and issubclass(value, self._base)):
                raise ValueError(f"entry point {point.name!r} of {self._package} must be a {self._base.__name__} class")
            self._add(found, value, point.value)
        return dict(sorted(found.items()))

    def _add(self, found: dict[str, type[T]], cls: type[T], place: str) -> None:
        name: str = cls.name  # type: ignore[attr-defined]
        if found.get(name, cls) is not cls:
            raise ValueError(f"{place}: there are two {self._noun} classes named {name!r}; rename one")
        found[name] = cls

    def names(self) -> tuple[str, ...]:
        """The names of all classes."""
        return tuple(self.classes)

    def get(self, name: str) -> type[T]:
        """Give a class by name.

        Raises
        ------
        ValueError
            If there is none: names the nearest, and all.
        """
        if name in self.classes:
            return self.classes[name]
        near = difflib.get_close_matches(str(name), self.classes, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{self._noun} must be one of {', '.join(self.classes)}; got {name!r}{hint}")


def make_callable(module: str, function: Callable[[], Any]) -> None:
    """Make a package callable: ``workbench.families()`` works although ``workbench.families`` is a package too."""

    class CallableModule(ModuleType):
        def __call__(self) -> Any:
            return function()

    sys.modules[module].__class__ = CallableModule
