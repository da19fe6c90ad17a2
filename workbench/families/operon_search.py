"""The search for equations by operon: genetic programming for error and length at once."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.families.equation_search import Scaled, SearchSettings
from workbench.readers.operon import read_operon

# Chosen by tests/benchmarks/symbolic_recovery.py: steps of the constants of each new equation, and what the library's
# own estimator has as defaults.
_OPTIMIZER_STEPS = 3
_MOST_DEPTH = 10
_START_LENGTH = 10
_TOURNAMENT = 5
_MUTATION_PROBABILITY = 0.25


def search_operon(scaled: Scaled, settings: SearchSettings) -> list[Any]:
    """Search for equations of little error and few nodes.

    The library's classes are used, not its scikit-learn estimator: that one fails on a front that holds an equation
    without a value at some row, and predicts wrongly from row-major float32.

    Returns
    -------
    list of sympy expression
        The Pareto fronts of all runs, for the scaled target up to scale and offset.
    """
    import pyoperon as op

    data = np.asfortranarray(np.column_stack([scaled.X, scaled.y]).astype(np.float32))
    dataset = op.Dataset(data)
    *inputs, target = sorted(dataset.Variables, key=lambda variable: variable.Index)
    hashes = [variable.Hash for variable in inputs]
    problem = op.Problem(dataset)
    problem.TrainingRange = op.Range(0, dataset.Rows)
    problem.TestRange = op.Range(dataset.Rows - 1, dataset.Rows)
    problem.Target, problem.InputHashes = target, hashes
    problem.ConfigurePrimitiveSet(_symbols(op, settings.operators))
    variables = dict(zip(hashes, scaled.unscaled(), strict=True))
    found: list[Any] = []
    started = time.monotonic()
    for run in range(settings.runs):
        left = None if settings.time_limit is None else settings.time_limit - int(time.monotonic() - started)
        if left is not None and left < 1:
            break
        each = replace(settings, seed=settings.seed + run, time_limit=left)
        found += [read_operon(tree, variables) for tree in _run(op, problem, hashes, each)]
    return found


def _symbols(op: Any, operators: tuple[str, ...]) -> int:
    config = int(op.NodeType.Constant) | int(op.NodeType.Variable)
    for name in operators:
        config |= int(getattr(op.NodeType, name.capitalize()))
    return config


def _run(op: Any, problem: Any, hashes: list[int], settings: SearchSettings) -> list[Any]:
    """Run NSGA-II. The library holds its parts by pointer: each needs a name until the run has ended."""
    length, primitives = settings.max_length, problem.PrimitiveSet
    creator = op.BalancedTreeCreator(primitives, hashes, 0.0)
    coefficients = op.NormalCoefficientInitializer()
    coefficients.ParameterizeDistribution(0, 1)
    table, metric = op.DispatchTable(), op.R2()
    optimizer = op.LMOptimizer(table, problem, _OPTIMIZER_STEPS, 0)
    parts = [op.Evaluator(problem, table, metric, True), op.LengthEvaluator(problem)]
    evaluator = op.MultiEvaluator(problem)
    for part in parts:
        part.Budget = sys.maxsize
        evaluator.Add(part)
    evaluator.Budget = sys.maxsize
    comparison = op.CrowdedComparison()
    selectors = [op.TournamentSelector(comparison), op.TournamentSelector(comparison)]
    for selector in selectors:
        selector.TournamentSize = _TOURNAMENT
    reinserter, crossover = op.KeepBestReinserter(comparison), op.SubtreeCrossover(0.9, _MOST_DEPTH, length)
    mutations = _mutations(op, primitives, hashes, creator, coefficients, length)
    mutator = op.MultiMutation()
    for mutation in mutations:
        mutator.Add(mutation, 1.0)
    tuner = op.CoefficientOptimizer(optimizer)
    generator = op.BasicOffspringGenerator(evaluator, crossover, mutator, *selectors, tuner)
    starter = op.UniformLengthTreeInitializer(creator)
    starter.ParameterizeDistribution(primitives.FunctionArityLimits()[0] + 1, min(_START_LENGTH, length))
    starter.MinDepth, starter.MaxDepth = 1, 1000
    config, sorter = _config(op, settings), op.RankSorter()
    algorithm = op.NSGA2Algorithm(config, problem, starter, coefficients, generator, reinserter, sorter)
    random = op.RandomGenerator(np.uint64(settings.seed))
    algorithm.Run(random, None, 1, False)
    return [individual.Genotype for individual in algorithm.BestFront]


def _mutations(op: Any, primitives: Any, hashes: list[int], creator: Any, coefficients: Any, length: int) -> list[Any]:
    points = [op.NormalOnePointMutation(), op.NormalMultiPointMutation()]
    for point in points:
        point.ParameterizeDistribution(0, 1)
    return [
        *points,
        op.ChangeVariableMutation(hashes),
        op.ChangeFunctionMutation(primitives),
        op.InsertSubtreeMutation(creator, coefficients, _MOST_DEPTH, length),
        op.ReplaceSubtreeMutation(creator, coefficients, _MOST_DEPTH, length),
        op.RemoveSubtreeMutation(primitives),
    ]


def _config(op: Any, settings: SearchSettings) -> Any:
    limit = {} if settings.time_limit is None else {"max_time": settings.time_limit}
    return op.GeneticAlgorithmConfig(
        generations=settings.generations,
        max_evaluations=sys.maxsize,
        local_iterations=_OPTIMIZER_STEPS,
        population_size=settings.population_size,
        pool_size=settings.population_size,
        p_crossover=1.0,
        p_mutation=_MUTATION_PROBABILITY,
        p_local=1.0,
        p_lamarck=1.0,
        epsilon=0.0,
        seed=settings.seed,
        **limit,
    )
