"""Verbs that agree with the titles of models."""

from __future__ import annotations


def agreeing(title: str, one: str, several: str) -> str:
    """Give the form of a word that goes with a title: boosted trees are several.

    Examples
    --------
    >>> agreeing("decision tree", "is", "are"), agreeing("boosted trees", "is", "are"), agreeing("FIGS", "is", "are")
    ('is', 'are', 'is')
    """
    return several if title.endswith("trees") else one
