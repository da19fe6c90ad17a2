"""The search for changed rows that a model decides otherwise."""
