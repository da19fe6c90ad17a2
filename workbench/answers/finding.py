"""Something that a reader of a study should know before trusting it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer, AnswerError

SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True, kw_only=True)
class Finding(Answer):
    """A finding with its evidence and what to do about it.

    Attributes
    ----------
    severity : {"high", "medium", "low"}
    title, evidence, action : str
        Plain sentences.
    about : str
        "study", or the name of a model.
    topic : str
        What shows more of the evidence: the name of a diagnostic or of an explanation's method, or "agreement",
        "scores", "drift", "leakage", "repeats", "sampling", "data"; "" where nothing does.
    example : str
        The model whose evidence is told, where the finding is about the study and about other models too; else "".
    """

    kind: ClassVar[str] = "finding"
    severity: str
    title: str
    evidence: str
    action: str
    about: str = "study"
    topic: str = ""
    example: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.severity not in SEVERITIES:
            raise AnswerError(f"finding: severity must be one of {', '.join(SEVERITIES)}; got {self.severity!r}")
