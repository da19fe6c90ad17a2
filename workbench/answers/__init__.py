"""What is answered, one file per kind: frozen dataclasses that hold numbers and where these come from."""

from workbench.answers.answer import Answer, AnswerError, Provenance

__all__ = ["Answer", "AnswerError", "Provenance"]
