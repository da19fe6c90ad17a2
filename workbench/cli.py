"""The command line: parsing and printing only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench import __version__

# exit codes, besides 0 (everything asked for was made) and 2 (bad input)
FAILED, INTERRUPTED = 1, 130

app = typer.Typer(name="workbench", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Debug = Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN_DIR", help="The folder of a run, such as reports/penguins.")]


def main() -> None:
    """Run the command line."""
    app(prog_name="workbench")


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"workbench {__version__}\n")
        raise typer.Exit


@app.callback()
def _workbench(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """A glassbox workbench for tables: what interpretability costs, with an error bar, in cards that can be checked."""


@app.command()
def run(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", help="A study file, a bundled data set's name, or a data file with --target."),
    ],
    target: Annotated[str | None, typer.Option(help="The column to predict, where STUDY is a data file.")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder of the run; reports/<study> by default.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer folds and smaller models: a first look.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute everything anew.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; they change no number.")] = None,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Let the study name a custom estimator, whose module is imported.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Train, compare and explain the models of a study, and write their cards."""
    from workbench.terminal import Progress, clean_errors, leaderboard, note, say

    with clean_errors(debug):
        from workbench import drafts, runner

        asked = drafts.asked(study, target)
        typed = drafts.typed_again(study, target, quick=quick, allow_code=allow_code)
        try:
            with Progress() as progress:
                result = runner.run(
                    asked,
                    out=out,
                    quick=quick,
                    fresh=fresh,
                    jobs=jobs,
                    on_event=progress,
                    command=typed,
                    allow_code=allow_code,
                )
        except KeyboardInterrupt:
            note("Interrupted. Finished work is kept: the same command goes on from here.")
            raise typer.Exit(INTERRUPTED) from None
    if result.replaced:
        note(result.replaced)
    leaderboard(result.results)
    say(f"\n{result.results['headline']}\n")
    say(str(Path(result.folder) / "index.html"))
    for name, error in result.failed:
        note(f"failed: {name}: {error}", style="red")
    if result.failed:
        raise typer.Exit(FAILED)


@app.command()
def new(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A CSV or Parquet file, its http(s) address, or a folder of Parquet files; with --query a database: "
            "env:NAME or a file.",
        ),
    ],
    target: Annotated[str, typer.Option(help="The column to predict.")],
    query: Annotated[str | None, typer.Option(help="The SELECT that gives the rows.")] = None,
    out: Annotated[Path | None, typer.Option(help="The study file to write; '-': show it.")] = None,
    force: Force = False,
    debug: Debug = False,
) -> None:
    """Write a first study file for a data file or a query, with comments."""
    from workbench.terminal import can_write, clean_errors, command, note

    with clean_errors(debug):
        from workbench import drafts
        from workbench.store import write_whole

        file = out or Path(f"{drafts.draft_name(data, query)}.yaml")
        show = str(file) == "-"
        folder = Path() if show else file.parent
        if not show:
            can_write(file, force=force)
        text, left_out = drafts.draft(data, target, folder, query)
        for reason in left_out.values():
            note(f"left out: {reason}")
        if show:
            sys.stdout.write(text)
            return
        write_whole(file, text)
        note(f"{file} is written; read it through, then: {command('run', file)}")


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option(help="The file to write; shown when absent.")] = None,
    force: Force = False,
    debug: Debug = False,
) -> None:
    """Show the JSON Schema of study files."""
    import json

    from workbench.terminal import clean_errors

    with clean_errors(debug):
        from workbench.explainers import registry as known_explainers
        from workbench.families import registry as known_families
        from workbench.study import json_schema

        found = json_schema(known_families(), known_explainers())
        _write(json.dumps(found, indent=2, ensure_ascii=False) + "\n", out, force=force)


@app.command()
def datasets(debug: Debug = False) -> None:
    """List the bundled data sets."""
    from workbench.terminal import clean_errors, table

    with clean_errors(debug):
        from workbench.catalog import dataset
        from workbench.catalog import datasets as names

        known = [dataset(name) for name in names()]
        rows = [(d.name, f"{d.rows:,}", d.task, d.licence, d.title) for d in known]
        table(("name", "rows", "task", "licence", "what"), rows, right=("rows",))


@app.command()
def families(debug: Debug = False) -> None:
    """List the model families."""
    from workbench.terminal import clean_errors, table

    with clean_errors(debug):
        from workbench.families import registry

        known = registry()
        rows = [
            (n, "yes" if f.glassbox else "no", ", ".join(f.tasks), f"{f.title}: {f.summary}") for n, f in known.items()
        ]
        table(("name", "glass box", "tasks", "what"), rows)


@app.command()
def explainers(debug: Debug = False) -> None:
    """List the methods that explain models."""
    from workbench.terminal import clean_errors, table

    with clean_errors(debug):
        from workbench.explainers import registry

        known = registry()
        table(("name", "what"), [(name, f"{e.title}: {e.summary}") for name, e in known.items()])


@app.command()
def predict(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL.json", help="A saved model, such as reports/x/models/tree.json.")
    ],
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A CSV or Parquet file with the model's columns, its web address, or Parquet files as parts of a "
            "table: a folder, or a pattern such as 'sales/*.parquet'. Parquet is read some rows at a time.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="The file to write, CSV or, by its suffix .parquet, Parquet; shown when absent.")
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Tell of each row what each column contributes, too: exact Shapley values."),
    ] = False,
    background: Annotated[
        str | None,
        typer.Option(
            help="With --explain: the data file whose rows contributions are told against; 1,000 rows of DATA are "
            "drawn when absent."
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(help="The scheduler of a Dask cluster, whose workers share the parts; they must find DATA too."),
    ] = None,
    force: Force = False,
    debug: Debug = False,
) -> None:
    """Predict the rows of a data file by a saved model."""
    from workbench.terminal import InputError, can_write, clean_errors, note

    with clean_errors(debug):
        from workbench.forms import Form
        from workbench.scoring.explained import explained, told
        from workbench.scoring.parts import find_parts
        from workbench.scoring.scorer import Scorer
        from workbench.scoring.sink import sink
        from workbench.scoring.spread import scored, scored_away

        if background is not None and not explain:
            raise InputError("--background goes with --explain; add that, or leave the background out")
        if out is not None:
            can_write(out, force=force)
        scorer = Scorer(Form.load(model))
        parts = find_parts(data, scorer.form.columns)
        if explain:
            against = parts if background is None else find_parts(background, scorer.form.columns)
            scorer = explained(scorer, against)
            note(told(scorer, data if background is None else background))
        pieces = scored(parts, scorer) if address is None else scored_away(parts, scorer, address)
        lost = 0
        with sink(out) as written:
            for piece in pieces:
                written.write(piece)
                lost += scorer.without(piece)
        if lost:
            note(f"{lost:,} of {written.n_rows:,} rows have no prediction: the model is not defined there")


@app.command()
def card(folder: RunFolder, debug: Debug = False) -> None:
    """Write the pages of a run again, from its results alone."""
    from workbench.terminal import clean_errors, say

    with clean_errors(debug):
        results = _results(folder)
        from workbench.pages import render

        render(folder, results)
        say(str(folder / "index.html"))


@app.command()
def compare(
    folders: Annotated[list[Path], typer.Argument(metavar="RUN_DIR...", help="The folders of two or more runs.")],
    out: Annotated[Path | None, typer.Option(help="A CSV file to write: a row for each run and model.")] = None,
    force: Force = False,
    debug: Debug = False,
) -> None:
    """Show the leaderboards of several runs side by side."""
    from workbench.terminal import clean_errors, note, runs_beside

    with clean_errors(debug):
        from workbench.runs import as_frame, obstacles, read_runs

        found = read_runs(folders)
        if out is not None:
            _write(as_frame(found).to_csv(index=False, lineterminator="\n"), out, force=force)
        runs_beside(found)
        for obstacle in obstacles(found):
            note(f"not comparable: {obstacle}", style="yellow")


@app.command()
def verify(
    folder: RunFolder,
    data: Annotated[Path | None, typer.Option(help="The data file, where it is no bundled one.")] = None,
    refit: Annotated[bool, typer.Option("--refit", help="Run the whole study again, and compare all numbers.")] = False,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Let a refit import the code that the study names.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Recompute the numbers of a run, from its folder and the data."""
    from workbench.terminal import clean_errors, say, table

    with clean_errors(debug):
        _results(folder)
        from workbench.verify import undetected
        from workbench.verify import verify as checks

        found, rest = checks(folder, data=data, refit=refit, allow_code=allow_code), undetected(folder)
    table(("about", "what", "", "found"), [(c.about, c.what, c.status, c.told) for c in found])
    counts = {status: sum(c.status == status for c in found) for status in ("ok", "failed", "open")}
    say(f"\n{counts['ok']} checks hold, {counts['failed']} failed, {counts['open']} could not be made.")
    say(rest)
    if counts["failed"]:
        raise typer.Exit(FAILED)


@app.command()
def status(folder: RunFolder, debug: Debug = False) -> None:
    """Show how far a run is."""
    from workbench.terminal import InputError, clean_errors, say, units

    with clean_errors(debug):
        from workbench.store import read_log

        log = read_log(folder)
        if not log and not (folder / "results.json").exists():
            raise InputError(f"{folder}: is no folder of a run: it holds neither units.jsonl nor results.json")
        unfinished = units(log)
        say(f"finished: {'yes' if (folder / 'results.json').exists() and not unfinished else 'no'}")


def _results(folder: Path) -> Any:
    import json

    from workbench.terminal import InputError

    file = folder / "results.json"
    if not file.is_file():
        raise InputError(f"{folder}: is no folder of a finished run: it holds no results.json")
    try:
        return json.loads(file.read_bytes())
    except ValueError as error:
        raise InputError(f"{file}: is no JSON: {error}; run the study again") from error


def _write(text: str, out: Path | None, *, force: bool) -> None:
    """Write a text to a file, or show it."""
    if out is None:
        sys.stdout.write(text)
        return
    from workbench.store import write_whole
    from workbench.terminal import can_write

    can_write(out, force=force)
    write_whole(out, text)
