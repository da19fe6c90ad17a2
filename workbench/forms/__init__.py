"""The exact function inside a model. Nothing here needs more than numpy."""

from workbench.forms.additive import Additive, Term
from workbench.forms.curve import Curve
from workbench.forms.equation import Coded, Constant, Equation, Gap, Node, Operator, Variable
from workbench.forms.errors import FormError
from workbench.forms.form import Body, Form
from workbench.forms.frame import Frame, Picked
from workbench.forms.inputs import Affine, Binned, Input, IsMissing, Lookup, encode
from workbench.forms.kernel import Kernel
from workbench.forms.output import (
    Clip,
    CompLogLog,
    Exponential,
    Identity,
    Logistic,
    Monotone,
    OneVsRest,
    Output,
    Scaled,
    Softmax,
    base,
)
from workbench.forms.pull_back import annotate, pull_back
from workbench.forms.rules import Condition, Rule, RuleList, RuleSet
from workbench.forms.shapes import Axis, Steps, Surface
from workbench.forms.terms import Levels, Linear, Offset
from workbench.forms.tree import Tree

__all__ = [
    "Additive",
    "Affine",
    "Axis",
    "Binned",
    "Body",
    "Clip",
    "Coded",
    "CompLogLog",
    "Condition",
    "Constant",
    "Curve",
    "Equation",
    "Exponential",
    "Form",
    "FormError",
    "Frame",
    "Gap",
    "Identity",
    "Input",
    "IsMissing",
    "Kernel",
    "Levels",
    "Linear",
    "Logistic",
    "Lookup",
    "Monotone",
    "Node",
    "Offset",
    "OneVsRest",
    "Operator",
    "Output",
    "Picked",
    "Rule",
    "RuleList",
    "RuleSet",
    "Scaled",
    "Softmax",
    "Steps",
    "Surface",
    "Term",
    "Tree",
    "Variable",
    "annotate",
    "base",
    "encode",
    "pull_back",
]
