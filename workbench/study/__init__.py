"""The study file: read, checked against what is at hand, written as a schema or as a first draft."""

from workbench.study.parts import ExplainSpec, ModelSpec, Query
from workbench.study.problems import StudyError
from workbench.study.schema import json_schema
from workbench.study.study import Study
from workbench.study.template import describe, template

__all__ = ["ExplainSpec", "ModelSpec", "Query", "Study", "StudyError", "describe", "json_schema", "template"]
