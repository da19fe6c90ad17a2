"""The names that users type, and what importing them costs."""

import subprocess
import sys

import pytest

import workbench as wb


def test_every_public_name_is_there():
    for name in wb.__all__:
        assert callable(getattr(wb, name)), name
        assert name in dir(wb)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        wb.nonsense  # noqa: B018


def test_families_and_explainers_are_callable_though_they_are_packages():
    import workbench.explainers
    import workbench.families  # noqa: F401

    assert {"dummy", "linear", "tree", "forest"} <= set(wb.families())
    assert {"permutation_importance", "partial_dependence"} <= set(wb.explainers())


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import workbench", ["numpy", "pandas", "sklearn", "matplotlib", "pydantic"]),
        ("import workbench as wb; wb.Form", ["pandas", "sklearn", "matplotlib", "pydantic"]),
        ("import workbench as wb; wb.families(); wb.explainers()", ["sklearn", "matplotlib"]),
    ],
)
def test_import_loads_no_more_than_it_needs(code, absent):
    check = f"import sys; {code}; print(sorted(set({absent!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
