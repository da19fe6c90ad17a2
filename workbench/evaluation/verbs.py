"""Verbs that agree with the titles of models."""

from __future__ import annotations


def agreeing(title: str, one: str, several: str) -> str:
    """Give the form of a word that goes with a title: boosted trees are several.

    Examples
    --------
    >>> [agreeing(title, "is", "are") for title in ("decision tree", "boosted trees “deep”", "FIGS")]
    ['is', 'are', 'is']
    """
    return several if title.partition(" “")[0].endswith("trees") else one
