from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.evaluation.rules import rule_shares
from workbench.forms import Additive, Condition, Form, Logistic, OneVsRest, Rule
from workbench.table import Table


def test_a_rule_of_one_class_against_the_rest_counts_that_class() -> None:
    high = Condition("x", lower=9.5, missing=False)
    rules = (Rule((high,), np.array([-2.0, 0.0, 0.0])), Rule((high,), np.array([0.5, -0.1, 0.2])))
    form = Form(Additive(np.zeros(3), rules), OneVsRest(Logistic()), {"x": "number"}, "y", ("a", "b", "c"))
    data = pd.DataFrame({"x": np.arange(40.0), "y": ["b"] * 10 + ["a"] * 15 + ["c"] * 15})
    table = Table.from_frame(data, target="y")
    told = rule_shares(form, table, None)
    assert told is not None
    assert told.labels == ("a", "a")
    np.testing.assert_array_equal(told.train_rows, [30, 30])
    np.testing.assert_array_equal(told.train_values, [0.5, 0.5])
    assert np.isnan(told.holdout_rows).all()
