import sys

import numpy as np
import pytest

from workbench.answers import Answer, Attribution, Provenance


def attributed(outputs: tuple[str, ...] = ("prediction",)) -> Attribution:
    rng = np.random.default_rng(0)
    several = len(outputs) > 1
    values = rng.normal(size=(4, 3, len(outputs)) if several else (4, 3))
    baseline = rng.normal(size=len(outputs)) if several else np.asarray(1.5)
    return Attribution(
        feature_names=("size", "city", "garden"),
        outputs=outputs,
        scale="response",
        values=values,
        baseline=baseline,
        predictions=baseline + values.sum(axis=1),
        data=((51.0, "Rom", "true"), (None, "Kyiv", "false"), (12.5, None, "true"), (3.0, "Oslo", None)),
        provenance=Provenance(method="shap"),
    )


NAMES = ("low", "middle", "high")


@pytest.mark.parametrize("outputs", [("prediction",), NAMES])
def test_survives_a_dictionary(outputs):
    answer = attributed(outputs)
    again = Answer.from_dict(answer.to_dict())
    assert again.to_dict() == answer.to_dict()
    assert again.data == answer.data
    np.testing.assert_array_equal(again.values, answer.values)
    assert np.shape(again.baseline) == np.shape(answer.baseline)


@pytest.mark.parametrize("outputs", [("prediction",), NAMES])
def test_summary_is_the_mean_size_of_values_and_holds_no_row(outputs):
    answer = attributed(outputs)
    summary = answer.public()
    each = np.abs(answer.values).reshape(4, 3, -1)
    np.testing.assert_allclose(summary.mean_abs, each.mean(axis=0))
    np.testing.assert_allclose(summary.standard_error, each.std(axis=0, ddof=1) / 2)
    told = str(summary.to_dict())
    assert "Rom" not in told
    assert "51.0" not in told
    assert np.isnan(answer.but(values=answer.values[:1], data=answer.data[:1]).summary().standard_error).all()


def test_to_shap_has_the_shapes_that_its_plots_expect():
    shap = pytest.importorskip("shap")
    answer = attributed()
    given = answer.to_shap()
    assert isinstance(given, shap.Explanation)
    np.testing.assert_array_equal(given.values, answer.values)
    np.testing.assert_array_equal(given.base_values, np.full(4, 1.5))
    assert given.feature_names == list(answer.feature_names)
    row = given[1]  # what waterfall and force plots take
    assert row.values.shape == (3,)
    assert np.ndim(row.base_values) == 0
    assert list(row.data) == [None, "Kyiv", "false"]
    np.testing.assert_allclose(row.base_values + row.values.sum(), answer.predictions[1])


def test_to_shap_of_several_outputs():
    shap = pytest.importorskip("shap")
    answer = attributed(NAMES)
    given = answer.to_shap()
    assert isinstance(given, shap.Explanation)
    assert given.values.shape == (4, 3, 3)
    assert given.base_values.shape == (4, 3)
    assert list(given.output_names) == list(NAMES)
    for k in range(3):
        one = given[2, :, k]
        np.testing.assert_array_equal(one.values, answer.values[2, :, k])
        np.testing.assert_allclose(one.base_values + one.values.sum(), answer.predictions[2, k])
        assert given[..., k].values.shape == (4, 3)


@pytest.mark.parametrize("outputs", [("prediction",), NAMES])
def test_shaps_own_plots_draw_it(outputs, recwarn):
    shap = pytest.importorskip("shap")
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import warnings

    import matplotlib.pyplot as plt

    given = attributed(outputs).to_shap()
    given = given if len(outputs) == 1 else given[..., 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of that package's own
        axes = shap.plots.waterfall(given[0], show=False)
        shap.plots.bar(given, show=False)
    assert axes is not None
    assert plt.get_fignums()
    plt.close("all")


def test_without_the_package_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(ImportError, match=r"to_shap: needs the package shap; pip install 'glassbox-workbench\[shap\]'"):
        attributed().to_shap()
