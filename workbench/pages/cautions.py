"""Where an answer can mislead, in sentences: warnings that differ only in the column they are about stand together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.plots.numbers import MINUS, count
from workbench.plots.style import shown

_NUMBER = re.compile(r"\d[\d.,]*%?(?<![.,])")
_OF = re.compile(r"\(of [^()]*\)")
_MINUS = re.compile(r"(?<![\w.)-])-(?=\d)")
_MOST = 8


@dataclass(frozen=True)
class _Caution:
    """A warning taken apart: the columns that it begins with, and what it says of them."""

    columns: tuple[str, ...]
    text: str

    @property
    def number(self) -> str:
        """The first number of the text, "" where there is none."""
        found = _NUMBER.search(self.text)
        return found.group() if found else ""

    @property
    def pattern(self) -> tuple[int, str]:
        """What the text has in common with warnings about other columns."""
        return len(self.columns), _NUMBER.sub("#", _OF.sub("", self.text))


def sentences(warnings: Sequence[str], labels: Mapping[str, str]) -> list[str]:
    """Write warnings as sentences, columns by their labels; of several that say the same, the one of most comes first.

    Examples
    --------
    >>> warned = ["a acts alone in 5% of rows", "b acts alone in 20% of rows", "few rows"]
    >>> sentences(warned, {"a": "Age", "b": "Bulk"})
    ['Bulk acts alone in 20% of rows; likewise Age (5%).', 'Few rows.']
    """
    groups: dict[tuple[int, str], list[_Caution]] = {}
    for warning in dict.fromkeys(warnings):
        caution = _apart(warning, labels)
        alike = groups.setdefault(caution.pattern, [])
        if not any(set(caution.columns) == set(other.columns) for other in alike if other.columns):
            alike.append(caution)
    return [_sentence(alike, labels) for alike in groups.values()]


def sentence(text: str) -> str:
    """Begin with a capital letter, end with a full stop, and give negative numbers a true minus sign.

    Examples
    --------
    >>> sentence("a flat line fits at -0.5"), sentence("Is it?"), sentence("")
    ('A flat line fits at −0.5.', 'Is it?', '')
    """
    text = _MINUS.sub(MINUS, text.strip())
    return text[:1].upper() + text[1:] + ("" if not text or text[-1] in ".!?…" else ".")


def _apart(warning: str, labels: Mapping[str, str]) -> _Caution:
    first, rest = _named(warning, labels)
    if not first:
        return _Caution((), warning)
    for between in (" moves with ", " with ", " and "):
        if rest.startswith(between):
            second, after = _named(rest[len(between) :], labels)
            if second:
                return _Caution((first, second), f"{between}\0{after}")
    return _Caution((first,), rest)


def _named(text: str, labels: Mapping[str, str]) -> tuple[str, str]:
    """Give the column that a text begins with, the longest that fits, and what follows."""
    found = [n for n in labels if n.strip() and text.startswith(n) and not re.match(r"\w", text[len(n) :])]
    name = max(found, key=len, default="")
    return name, text[len(name) :]


def _sentence(alike: Sequence[_Caution], labels: Mapping[str, str]) -> str:
    most, *others = sorted(alike, key=lambda caution: -_value(caution.number))
    names = [shown(labels[name], 40) for name in most.columns]
    told = most.text.replace("\0", names[1]) if len(names) > 1 else most.text
    told = f"{names[0]}{told}" if names else told
    if not others:
        return sentence(told)
    listed = [_brief(caution, labels) for caution in others[:_MOST]]
    more = f" and {count(len(others) - _MOST)} more" if len(others) > _MOST else ""
    return sentence(f"{told.rstrip('.')}; likewise {', '.join(listed)}{more}")


def _brief(caution: _Caution, labels: Mapping[str, str]) -> str:
    names = " with ".join(shown(labels[name], 30) for name in caution.columns) or caution.text
    return f"{names} ({caution.number})" if caution.number and caution.columns else names


def _value(number: str) -> float:
    return float(number.rstrip("%").replace(",", "") or 0)
