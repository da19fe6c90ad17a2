"""What is answered, one file per kind: frozen dataclasses that hold numbers and where these come from."""

from workbench.answers.answer import Answer, AnswerError, Provenance
from workbench.answers.comparison import Comparison
from workbench.answers.details import Details
from workbench.answers.effect import Effect, Effects
from workbench.answers.finding import Finding
from workbench.answers.importance import Importance
from workbench.answers.leaderboard import Leaderboard, LeaderboardRow

__all__ = [
    "Answer",
    "AnswerError",
    "Comparison",
    "Details",
    "Effect",
    "Effects",
    "Finding",
    "Importance",
    "Leaderboard",
    "LeaderboardRow",
    "Provenance",
]
