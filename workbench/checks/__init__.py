"""Data that misbehaves: what a reader of a study should know about its table before trusting a score."""

from workbench.checks.inspection import inspect

__all__ = ["inspect"]
