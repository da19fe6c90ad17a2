"""The search for equations by PySR, where it and Julia are installed."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from typing import Any

from workbench.families.equation_search import Scaled, SearchSettings

_NEEDED = "engine 'pysr' needs the package pysr and Julia: pip install 'glassbox-workbench[pysr]'"
# PySR breeds on islands of so many equations; a population is spread over them
_ISLAND = 27
# its names of the operators that have two operands
_BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"}


def search_pysr(scaled: Scaled, settings: SearchSettings) -> list[Any]:
    """Search for equations of little error and few nodes.

    Returns
    -------
    list of sympy expression
        Those of the table ``equations_``, for the scaled target.

    Raises
    ------
    ImportError
        If PySR or Julia is absent: says what to install.
    """
    names = [f"z{j}" for j in scaled.used]
    with tempfile.TemporaryDirectory() as folder:
        model = _regressor()(**pysr_parameters(settings), output_directory=folder)
        model.fit(scaled.X, scaled.y, variable_names=names)
        found = list(model.equations_["sympy_format"])
    variables = dict(zip(names, scaled.unscaled(), strict=True))
    return [_rebuilt(expression, variables) for expression in found]


def pysr_parameters(settings: SearchSettings) -> dict[str, Any]:
    """Give the settings as `PySRRegressor` names them; one thread, so that a seed decides everything."""
    limit = {} if settings.time_limit is None else {"timeout_in_seconds": settings.time_limit}
    return {
        "binary_operators": [_BINARY[name] for name in settings.operators if name in _BINARY],
        "unary_operators": [name for name in settings.operators if name not in _BINARY],
        "maxsize": settings.max_length,
        "niterations": settings.generations,
        "populations": max(1, settings.population_size // _ISLAND),
        "population_size": _ISLAND,
        "parallelism": "serial",
        "deterministic": True,
        "random_state": settings.seed,
        "progress": False,
        "verbosity": 0,
        **limit,
    }


def _regressor() -> Any:
    if find_spec("pysr") is None:
        raise ImportError(f"{_NEEDED}; pysr is not installed")
    try:
        # the import starts Julia, and fetches it where it is absent
        from pysr import PySRRegressor
    except Exception as error:
        raise ImportError(f"{_NEEDED}; Julia could not be started ({type(error).__name__})") from error
    return PySRRegressor


def _rebuilt(expression: Any, variables: dict[str, Any]) -> Any:
    """Evaluate what PySR leaves unevaluated, with real symbols for its own."""
    if not expression.args:
        return variables[expression.name] if expression.is_Symbol else expression
    return expression.func(*(_rebuilt(each, variables) for each in expression.args))
