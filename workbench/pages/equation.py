"""A form as an equation in tokens that every format sets with its own mathematics; no text becomes markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workbench.forms import Additive, Form, Linear, Offset
from workbench.forms.additive import Term
from workbench.pages.views import Equation, Token
from workbench.plots.numbers import days, number, short
from workbench.plots.style import shown

_MOST_TERMS = 40
LONGEST = 84  # signs a row


def equation(form: Form, left: str, titles: Mapping[str, str]) -> Equation | None:
    """Write a sum of terms, one output: lines are exact products, all else is a function with its number.

    None where the score has several outputs, no term, or more terms than a reader follows.
    """
    body = form.body
    if not isinstance(body, Additive) or body.k != 1 or not 0 < len(body.terms) <= _MOST_TERMS:
        return None
    rows = [[Token("name", shown(left, 60)), Token("operator", "="), Token("number", number(float(body.intercept[0])))]]
    side_by_side = False
    for place, term in enumerate(body.terms, start=1):
        tokens = _term(term, place, form, titles)
        # products stand below one another, functions side by side
        if side_by_side and not isinstance(term, Linear | Offset) and signs((*rows[-1], *tokens)) <= LONGEST:
            rows[-1] += tokens
        else:
            rows.append(tokens)
        side_by_side = not isinstance(term, Linear | Offset)
    told = " ".join(f"f{token.text}" if token.kind == "function" else token.text for row in rows for token in row)
    return Equation(rows, told)


def signs(tokens: Iterable[Token]) -> int:
    """Count the signs that tokens take, as if they stood in one line."""
    return sum(len(token.text) + 1 + sum(signs(part) for part in token.parts) for token in tokens)


def _term(term: Term, place: int, form: Form, titles: Mapping[str, str]) -> list[Token]:
    names = [Token("name", shown(titles.get(column, column))) for column in term.columns]
    if isinstance(term, Offset):
        inner = [Token("name", "log"), Token("open", "("), *names, Token("close", ")")] if term.log else names
        return [Token("operator", "+"), *inner]
    if not isinstance(term, Linear):
        listed = [names[0], *(token for name in names[1:] for token in (Token("operator", ","), name))]
        return [
            Token("operator", "+"), Token("function", str(place)), Token("open", "("), *listed, Token("close", ")")
        ]  # fmt: skip
    coef, center = float(term.coef[0]), term.center
    product = [Token("operator", "−" if coef < 0 else "+"), Token("number", number(abs(coef))), Token("operator", "×")]
    if form.kinds.get(term.column) == "datetime":
        return [*product, Token("name", f"days of {names[0].text} since {days(center)}")]
    if not center:
        return [*product, *names]
    sign = Token("operator", "−" if center > 0 else "+")
    return [*product, Token("open", "("), *names, sign, Token("number", short(abs(center), 4)), Token("close", ")")]
