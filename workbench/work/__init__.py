"""The units of a run: pure functions that worker processes call, each in a module of its own.

A unit's key holds the sources that its module imports, so what only one unit needs stands in that unit's module.
"""
