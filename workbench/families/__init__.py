"""Model families, one file each; `workbench.families()` names them."""

from workbench.families.family import Family, FamilyParameters
from workbench.families.policy import Policy
from workbench.registry import Registry, make_callable

_REGISTRY: Registry[Family] = Registry("workbench.families", Family, "family")

families = _REGISTRY.names
find_family = _REGISTRY.get


def registry() -> dict[str, type[Family]]:
    """Give all families by name."""
    return _REGISTRY.classes


make_callable(__name__, families)

__all__ = ["Family", "FamilyParameters", "Policy", "families", "find_family", "registry"]
