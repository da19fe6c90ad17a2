"""The section on the model itself, for every kind of form; the results are made up, the forms are real."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.pages.forms import a_list, card, form_of, section, stump, tables
from tests.pages.test_html import Page
from tests.pages.test_pdf import Document
from workbench.answers import Details, Provenance
from workbench.forms import (
    Additive,
    CompLogLog,
    Constant,
    Curve,
    Equation,
    Exponential,
    Form,
    Identity,
    Levels,
    Linear,
    Logistic,
    Monotone,
    Offset,
    OneVsRest,
    Operator,
    Scaled,
    Variable,
)
from workbench.pages import card_html, card_pdf

_MADE_UP = Provenance(method="made up")


def wave(column: str = "alcohol", k: int = 1) -> Curve:
    knots = np.array([10.0, 12.0])
    coef = np.array([[0.0, 0.1, 0.0], [-0.1, 0.2, 0.05], [0.5, 0.4, 0.0]])
    wide = (coef[:, :, None] * np.linspace(1, -1, k)).reshape(3, -1)
    return Curve(
        column,
        knots,
        np.array([10.0, 10.0, 12.0]),
        wide,
        np.full(k, 1e-7),
        np.array([9.0, 10.5, 13.0]),
        np.full(3, 200.0),
    )


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_curves_lines_and_levels_stand_as_small_multiples(task: str) -> None:
    k = 1 if task == "regression" else 3
    ones = np.linspace(1, -1, k)
    terms = (
        Linear("organic", 0.6 * ones, 0.25, np.zeros(k)), wave(k=k),
        Linear("sulphates", 1e-5 * ones, 0.66, np.zeros(k)),
        Levels("cellar", ("Biscoe", "Dream"), np.array([[0.3], [-0.2]]) * ones, np.zeros(k), np.zeros(k)),
    )  # fmt: skip
    form = form_of(Additive(5 * ones, terms), Identity() if k == 1 else OneVsRest(Logistic()), task)
    page = card_html(card(form, task))
    text = section(page)
    assert "Not drawn, as nowhere more than 0.5% of the largest: Sulphates." in text
    assert re.search(r"organic[^.]* adds −0.150 at false, \+0.450 at true", text)
    assert "missing" not in re.sub("If missing", "", text)  # no column had gaps
    assert page.count('role="img"') >= 3
    if k > 1:
        assert "The log odds of a class are its start (Adelie 5.00, Chinstrap 0, Gentoo −5.00)" in text
        assert "divided by the sum over all classes they are the probabilities" in text


def _coefficients(error: float | None = 0.05) -> Details:
    ends = (None, None, None, None) if error is None else (error, 0.002, 0.198, 3e-9)
    rows = (("alcohol", 0.1, *ends), ("cellar is Dream", -0.2, *ends), ("pH", None, None, None, None, None))
    heads = ("Term", "Coefficient", "Standard error", "Lower 95%", "Upper 95%", "p-value")
    return Details(
        provenance=_MADE_UP, title="Coefficients", columns=heads, rows=rows, note="On the scale of the link."
    )


def glm(output: Any, *more: Any, task: str = "regression") -> Form:
    levels = Levels("cellar", ("Biscoe", "Dream"), np.array([[0.1], [-0.1]]), np.zeros(1), np.zeros(1))
    return form_of(
        Additive(np.array([1.0]), (Linear("alcohol", np.array([0.1]), 10.0, np.zeros(1)), levels, *more)), output, task
    )


def test_standard_errors_stand_in_the_one_table_of_coefficients() -> None:
    page = card_html(card(glm(Identity()), details=(_coefficients(),)))
    assert page.count('download="coefficients.csv"') == 1
    table = tables(page, "coefficients")
    assert table[0][:7] == ["Term", "Unit", "Per unit: Quality", "Standard error", "Lower 95%", "Upper 95%", "p-value"]
    text = section(page)
    cells = re.sub(r"\s", "", text)
    assert "Alcohol%vol0.1000.0500.0020.198<0.001" in cells
    assert "Not listed: Cellar Biscoe." in text
    assert [row[0] for row in table[1:]] == ["Start", "Alcohol", "Cellar: Dream", "pH"]


def test_penalized_coefficients_have_no_empty_columns_of_errors() -> None:
    page = card_html(card(glm(Identity()), details=(_coefficients(None),)))
    assert "Standard error" not in tables(page, "coefficients")[0]
    assert "On the scale of the link." in section(page)


@pytest.mark.parametrize(
    ("output", "task", "sentences"),
    [
        (Exponential(), "regression", ("a predicted Quality that is 1.11 times as high", "multiplies the prediction")),
        (Logistic(), "binary", ("odds of true that are 1.11 times as high", "multiplies the odds")),
        (CompLogLog(), "binary", ("a −log(1 − probability) of true that is 1.11 times", "1 − exp(−exp(score))")),
    ],
)  # fmt: skip
def test_links_are_told_for_what_they_are(output: Any, task: str, sentences: tuple[str, ...]) -> None:
    text = section(card_html(card(glm(output, task=task), task)))
    for sentence in sentences:
        assert sentence in text


def test_an_offset_is_told_as_set_not_fitted() -> None:
    text = section(card_html(card(glm(Exponential(), Offset("sulphates", log=True)))))
    assert "the logarithm of Sulphates, the exposure, is added as it stands: its coefficient of 1 is set" in text
    assert "log(Sulphates)" in text
    assert "Log of Sulphates (offset)" in text


def test_details_are_tables_with_sensible_digits() -> None:
    rows = (("a", 1234.0, 0.0123456, True, 0.04, None), ("b", 12.0, 0.5, False, 1e-5, None))
    heads = ("Equation", "Nodes", "Loss", "Chosen", "p-value", "Empty")
    given = Details(provenance=_MADE_UP, title="Equations", columns=heads, rows=rows, note="Smaller is better.")
    page = card_html(card(glm(Identity()), details=(given,)))
    inner = page[page.index("<caption><span>Equations") :]
    cells = [
        re.sub("<[^>]+>", "", c)
        for c in re.findall(r"<t[dh] .*?</t[dh]>|<td>.*?</td>", inner[: inner.index("</table>")])
    ]
    assert cells[5:] == ["a", "1,234", "0.012", "yes", "0.040", "b", "12", "0.500", "no", "&lt; 0.001"]
    assert "Empty" not in inner[: inner.index("</table>")]


def test_an_equation_is_set_as_mathematics() -> None:
    x, y = Variable("alcohol"), Variable("pH")
    shifted = (x, Constant(-10.25), Operator("sub"))
    nodes = (
        Constant(-0.28174), *shifted, Operator("mul"), y, Constant(2.0), Operator("div"), Operator("add"),
        Constant(6.0), y, Operator("sqrt"), Operator("add"), Operator("sub"), x, Operator("square"), Operator("add"),
    )  # fmt: skip
    page = card_html(card(form_of(Equation(nodes), Identity())))
    inner = page[page.index("<math") : page.index("</math>")]
    assert re.sub(r"\s+", "", re.sub("<[^>]+>", "", inner)) == "Quality=−0.282×(Alcohol+10.25)+pH2.00−6.00−pH+Alcohol2"
    for tag in ("mfrac", "msqrt", "msup"):
        assert f"<{tag}>" in inner
    assert "equation large" in page
    assert "In words" not in section(page)


def test_a_form_that_nothing_draws_is_told_in_words() -> None:
    leaves = tuple(stump("alcohol", [[0.4], [0.7]]) for _ in range(3))
    form = form_of(Additive(np.zeros(1), leaves, divisor=3.0), Identity())
    assert "In words" in section(card_html(card(form)))


@pytest.mark.parametrize("kind", ["list", "glm", "equation", "curves"])
def test_pdfs_hold_the_same_numbers(kind: str) -> None:
    half = (Variable("alcohol"), Constant(2.5), Operator("div"))
    form, told, task, wanted = {
        "list": (*a_list(), "binary", ("else if Sulphates ≤ 0.5 and Cellar is Biscoe", "30.0%", "+40.0†")),
        "glm": (glm(Exponential()), None, "regression", ("exp(coefficient)", "< 0.001", "1.11")),
        "equation": (form_of(Equation(half), Identity()), None, "regression", ("2.50",)),
        "curves": (form_of(Additive(np.ones(1), (wave(),)), Identity()), None, "regression", ("adds to Quality",)),
    }[kind]  # fmt: skip
    document = Document(card_pdf(card(form, task, told, (_coefficients(),) if kind == "glm" else ())))
    text = document.text.replace("\u00a0", " ")
    for each in wanted:
        assert each in text
    assert not document.beyond()


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_a_recalibration_is_the_last_step(method: str) -> None:
    form, told = a_list()
    last = Scaled(Identity(), 0.5, (0.25,)) if method == "sigmoid" else Monotone(Identity(), (0.2, 0.9), (0.31, 0.804))
    given = card(replace(form, output=last), "binary", told)
    given["method"]["params"]["calibrate"] = method
    page = card_html(given)
    text = section(page)
    if method == "sigmoid":
        assert "Recalibrated: log odds of the probability = 0.25 + 0.5 × log odds of p, as above" in text
    else:
        assert "looked up in a table: straight between entries, then level." in text
        assert [row[1] for row in tables(page, "recalibration-map")[1:]] == ["0.31", "0.804"]
    assert "Before recalibration (%)" in text
    assert "Predicts (%)" not in text
    method_part = Page(page).text.partition("Its probabilities are recalibrated by")[2]
    assert ("Platt 1999" if method == "sigmoid" else "Zadrozny and Elkan 2002") in method_part[:120]
    plain = card_html(card(form, "binary", told))
    assert "ecalibrat" not in section(plain)
    assert "Its probabilities are recalibrated" not in plain
