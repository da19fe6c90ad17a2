"""The JSON Schema of study files, for editors and other programs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from workbench.study.entries import Registry
from workbench.study.parts import NAME_PATTERN, ExplainSpec, ModelSpec
from workbench.study.study import Study

_NAME = {"type": "string", "pattern": NAME_PATTERN, "description": "The model's name; the family's when absent."}


def json_schema(families: Registry, explainers: Registry) -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of study files, with the parameters of every family and explainer at hand.

    Parameters
    ----------
    families, explainers : mapping of name to class
        As in `Study.read`.

    Examples
    --------
    >>> json_schema({}, {})["$schema"]
    'https://json-schema.org/draft/2020-12/schema'
    """
    parameters = {name: family.Parameters for name, family in families.items()}
    options = {name: explainer.Options for name, explainer in explainers.items()}
    models: list[type[BaseModel]] = [Study, *parameters.values(), *options.values()]
    mode: JsonSchemaMode = "validation"
    references, found = models_json_schema([(model, mode) for model in dict.fromkeys(models)])
    definitions = found["$defs"]

    def definition(model: type[BaseModel]) -> dict[str, Any]:
        name = references[model, mode]["$ref"].removeprefix("#/$defs/")
        return dict(definitions[name])

    def entries(registry: Registry, models: dict[str, type[BaseModel]], more: dict[str, Any]) -> dict[str, Any]:
        plain = [{"const": name, "description": _about(of)} for name, of in registry.items()]
        full = []
        for name, model in models.items():
            inner = definition(model)
            inner["properties"] = {**more, **inner.get("properties", {})}
            full.append(
                {
                    "type": "object",
                    "description": _about(registry[name]),
                    "properties": {name: inner},
                    "required": [name],
                    "additionalProperties": False,
                }
            )
        return {"anyOf": [*plain, *full]}

    schema = definition(Study)
    properties = dict(schema["properties"])
    properties["models"] = {**properties["models"], "items": entries(families, parameters, {"name": _NAME})}
    properties["explain"] = {**properties["explain"], "items": entries(explainers, options, {})}
    summary = schema["description"].partition("\n")[0]
    schema |= {"title": "A study of the glassbox workbench", "description": summary, "properties": properties}
    inlined = {references[m, mode]["$ref"].rpartition("/")[2] for m in models}
    inlined |= {ModelSpec.__name__, ExplainSpec.__name__}
    schema["$defs"] = {name: d for name, d in definitions.items() if name not in inlined}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _about(registered: type[Any]) -> str:
    title, summary = getattr(registered, "title", ""), getattr(registered, "summary", "")
    return ": ".join(text for text in (title, summary) if text)
