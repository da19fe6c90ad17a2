"""The equation: an expression over columns, built of few operators, as a flat list of nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.forms.arrays import Fields, Pack, array_to_json, number_to_json
from workbench.forms.errors import FormError
from workbench.forms.frame import Floats, Frame

# the operators that a file may name: how many operands each takes, and what computes it
_OPERATORS: dict[str, tuple[int, Any]] = {
    "add": (2, np.add),
    "sub": (2, np.subtract),
    "mul": (2, np.multiply),
    "div": (2, np.divide),
    "pow": (2, np.power),
    "square": (1, np.square),
    "sqrt": (1, np.sqrt),
    "exp": (1, np.exp),
    "log": (1, np.log),
    "sin": (1, np.sin),
    "cos": (1, np.cos),
    "tanh": (1, np.tanh),
    "abs": (1, np.abs),
}
OPERATORS: dict[str, int] = {name: arity for name, (arity, _) in _OPERATORS.items()}


def apply(name: str, operands: Sequence[Any]) -> Any:
    """Compute one of `OPERATORS` as IEEE arithmetic does; where it warns is up to the caller."""
    return _OPERATORS[name][1](*operands)


# nobody reads a longer equation; a file that claims more is hostile or broken
_MOST_NODES = 10_000


@dataclass(frozen=True)
class Constant:
    """A number."""

    kind: ClassVar[str] = "constant"
    value: float

    def evaluate(self, frame: Frame) -> Any:
        """Give the number."""
        return np.float64(self.value)

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON holds of the node."""
        return {"kind": self.kind, "value": self.value}

    @classmethod
    def read(cls, fields: Fields) -> Constant:
        """Read what `to_dict` gave."""
        value = fields.number("value")
        if not np.isfinite(value):
            raise FormError(f"{fields.place}.value must be finite; got {value!r}")
        return cls(value)


@dataclass(frozen=True)
class Variable:
    """A number column, and `missing` where it is missing (NaN: the equation has no value there)."""

    kind: ClassVar[str] = "variable"
    column: str
    missing: float = np.nan

    def evaluate(self, frame: Frame) -> Floats:
        """Give the column, shape (n_samples,)."""
        x = frame.numbers(self.column)
        return np.where(np.isnan(x), self.missing, x)

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON holds of the node."""
        return {"kind": self.kind, "column": self.column, "missing": number_to_json(self.missing)}

    @classmethod
    def read(cls, fields: Fields) -> Variable:
        """Read what `to_dict` gave."""
        return cls(fields.text("column"), fields.number("missing"))


@dataclass(frozen=True)
class Gap:
    """1 where a number column is missing, else 0."""

    kind: ClassVar[str] = "gap"
    column: str

    def evaluate(self, frame: Frame) -> Floats:
        """Give the indicator, shape (n_samples,)."""
        return np.isnan(frame.numbers(self.column)).astype(np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON holds of the node."""
        return {"kind": self.kind, "column": self.column}

    @classmethod
    def read(cls, fields: Fields) -> Gap:
        """Read what `to_dict` gave."""
        return cls(fields.text("column"))


@dataclass(frozen=True)
class Coded:
    """A category column: the value of its level, `unseen` for a level that is not listed, or `missing`."""

    kind: ClassVar[str] = "coded"
    column: str
    levels: tuple[str, ...]
    values: tuple[float, ...]
    unseen: float
    missing: float

    def evaluate(self, frame: Frame) -> Floats:
        """Give the values, shape (n_samples,)."""
        table = np.array([*self.values, self.unseen, self.missing], dtype=np.float64)
        return table[frame.codes(self.column, self.levels)]

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON holds of the node."""
        return {
            "kind": self.kind,
            "column": self.column,
            "levels": list(self.levels),
            "values": array_to_json(np.array(self.values)),
            "unseen": number_to_json(self.unseen),
            "missing": number_to_json(self.missing),
        }

    @classmethod
    def read(cls, fields: Fields) -> Coded:
        """Read what `to_dict` gave."""
        column, levels = fields.text("column"), fields.texts("levels")
        values = tuple(fields.array("values", len(levels)).tolist())
        return cls(column, levels, values, fields.number("unseen"), fields.number("missing"))


@dataclass(frozen=True)
class Operator:
    """One of `OPERATORS`, applied to the values of the nodes before it, in plain IEEE arithmetic."""

    kind: ClassVar[str] = "operator"
    name: str

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON holds of the node."""
        return {"kind": self.kind, "name": self.name}

    @classmethod
    def read(cls, fields: Fields) -> Operator:
        """Read what `to_dict` gave."""
        name = fields.text("name")
        if name not in OPERATORS:
            raise FormError(f"{fields.place}.name must be one of {', '.join(OPERATORS)}; got {name!r:.80}")
        return cls(name)


Leaf = Constant | Variable | Gap | Coded
Node = Leaf | Operator
_NODES: dict[str, type[Node]] = {each.kind: each for each in (Constant, Variable, Gap, Coded, Operator)}


@dataclass(frozen=True, eq=False)
class Equation:
    """The value of an expression in float64; NaN, without a warning, where an operator is not defined.

    Attributes
    ----------
    nodes : tuple of Node
        In postfix order: the operands of an operator stand before it. x - 1 is ``x, 1, sub``.

    Raises
    ------
    FormError
        If an operator lacks operands, or values are left over.

    Examples
    --------
    >>> from workbench.forms import Constant, Equation, Frame, Operator, Variable
    >>> root = Equation((Variable("x"), Constant(1.0), Operator("sub"), Operator("sqrt")))
    >>> root.score(Frame({"x": [5.0, 1.0, 0.0]})).ravel()
    array([ 2.,  0., nan])
    """

    kind: ClassVar[str] = "equation"
    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        depth = 0
        for i, node in enumerate(self.nodes):
            taken = OPERATORS[node.name] if isinstance(node, Operator) else 0
            if taken > depth:
                raise FormError(f"equation: node {i} takes {taken} values; {depth} stand before it")
            depth += 1 - taken
        if depth != 1:
            raise FormError(f"equation: its nodes must leave one value; they leave {depth}")

    @property
    def k(self) -> int:
        """The length of the score's vector: one."""
        return 1

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that some node reads, in order of first use."""
        return tuple(dict.fromkeys(n.column for n in self.nodes if isinstance(n, Variable | Gap | Coded)))

    @property
    def stored_numbers(self) -> int:
        """How many numbers the equation holds: its constants, what gaps count as, and the values of levels."""
        found = 0
        for node in self.nodes:
            if isinstance(node, Coded):
                found += len(node.values) + 2
            elif isinstance(node, Constant) or (isinstance(node, Variable) and not np.isnan(node.missing)):
                found += 1
        return found

    def score(self, frame: Frame) -> Floats:
        """Give the value, shape (n_samples, 1)."""
        stack: list[Any] = []
        with np.errstate(all="ignore"):
            for node in self.nodes:
                if isinstance(node, Operator):
                    operands = [stack.pop() for _ in range(OPERATORS[node.name])][::-1]
                    stack.append(apply(node.name, operands))
                else:
                    stack.append(node.evaluate(frame))
        value: Floats = np.empty((frame.n_rows, 1))
        value[:, 0] = stack[0]
        return value

    def replace_columns(self, by: Mapping[str, Sequence[Node]]) -> Equation:
        """Give the equation with the nodes of an expression in the place of each variable."""
        nodes: list[Node] = []
        for node in self.nodes:
            nodes += by[node.column] if isinstance(node, Variable) and node.column in by else [node]
        return Equation(tuple(nodes))

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the equation."""
        return {"kind": self.kind, "nodes": [node.to_dict() for node in self.nodes]}

    @classmethod
    def read(cls, fields: Fields, pack: Pack) -> Equation:
        """Read what `to_dict` gave."""
        nodes: list[Node] = []
        for i, data in enumerate(fields.objects("nodes", _MOST_NODES)):
            inner = Fields(data, f"{fields.place}.nodes[{i}]", pack)
            if (kind := inner.text("kind")) not in _NODES:
                raise FormError(f"{inner.place}.kind must be one of {', '.join(_NODES)}; got {kind!r:.80}")
            nodes.append(_NODES[kind].read(inner))
            inner.done()
        return cls(tuple(nodes))
