"""What the command line shows: tables, messages, the progress of a run; plain where nobody watches."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.table import Column, Table

if TYPE_CHECKING:
    from workbench.runs import Run
    from workbench.store import Event

BAD_INPUT = 2  # the exit code
GLASS, BLACK = "●", "○"


class InputError(ValueError):
    """The command line asks for what can't be: names the rule, the value and the next step."""


@contextmanager
def clean_errors(debug: bool) -> Iterator[None]:
    """Turn what the input is to blame for into a message and exit code 2.

    That is what the workbench raises by classes of its own, and what the system says of files. Anything else is a
    mistake of ours, and shows where it was made.
    """
    try:
        yield
    except Exception as error:
        is_ours = type(error).__module__.partition(".")[0] == "workbench"
        is_file = isinstance(error, OSError) and not isinstance(error, BrokenPipeError)
        if debug or not (is_ours or is_file):
            raise
        named = isinstance(error, OSError) and error.filename is not None
        note(f"{error.filename}: {error.strerror}" if named else str(error), style="red")  # type: ignore[attr-defined]
        raise SystemExit(BAD_INPUT) from error


def printable(text: Any) -> str:
    """Give a text without the control characters that would reach the terminal: data are not to be trusted."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in str(text))


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """Give a console that prints text as it is: data may hold what looks like markup."""
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False, soft_wrap=True)


def say(text: str) -> None:
    """Print a text on standard output."""
    console().print(printable(text))


def note(text: str, *, style: str | None = None) -> None:
    """Print a message on standard error."""
    console(stderr=True).print(printable(text), style=style)


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
    """Print a table; where it does not go to a terminal, as wide as it needs."""
    columns = [
        Column(h, justify="right" if h in right else "left", overflow="fold", no_wrap=h in right) for h in headers
    ]
    grid = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for row in rows:
        grid.add_row(*(printable(cell) for cell in row))
    out = console()
    if not out.is_terminal:
        out = console(width=console(width=100_000).measure(grid).maximum)
    out.print(grid, soft_wrap=False)


def command(*words: str | Path) -> str:
    """Write a command as a shell takes it."""
    return shlex.join(["workbench", *map(str, words)])


class Progress:
    """Shows the units of a run: one bar on a terminal, a line per settled unit elsewhere.

    Call it with each `workbench.store.Event`.
    """

    def __init__(self) -> None:
        self._console = console(stderr=True)
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._bar = _bar(self._console)
            self._task = self._bar.add_task("preparing", total=None)
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        failed = event.event in ("failed", "timeout", "skipped")
        if failed:
            reason = f": {event.error}" if event.error else ""
            self._print(f"{event.unit} {_WORDS[event.event]}{reason}", style="red")
        if self._bar:
            label = {"description": printable(event.unit)} if event.event == "start" else {}
            self._bar.update(self._task, completed=event.done, total=event.total, **label)
        elif event.event in ("done", "found"):
            took = f"{event.seconds:.1f} s" if event.event == "done" else "found"
            self._print(f"[{event.done}/{event.total}] {event.unit} ({took})")

    def _print(self, text: str, style: str | None = None) -> None:
        self._console.print(printable(text), style=style)


_BECAME = {"done": "done", "found": "done", "stopped": "left out"}  # by the run's time budget
_WORDS = {"failed": "failed", "timeout": "took too long", "skipped": "was skipped"}


def _bar(on: Console) -> Any:
    from rich import progress

    name = progress.TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True))
    return progress.Progress(
        name,
        progress.BarColumn(bar_width=20),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        console=on,
        expand=True,
        transient=True,
    )


def leaderboard(results: Mapping[str, Any]) -> None:
    """Print the models of a run, best first."""
    from workbench.plots.numbers import MISSING, count, decimals, fixed, interval, signed

    board = results["leaderboard"]
    title = next((m["title"] for m in results["metrics"] if m["name"] == board["metric"]), board["metric"])
    rows = board["rows"]
    widths = [(r["upper"] - r["lower"]) / 2 for r in rows if r.get("lower") is not None and r.get("upper") is not None]
    places = decimals([r["score"] for r in rows], widths)

    def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
        has_interval = row.get("lower") is not None
        return (
            f"{GLASS if row['glassbox'] else BLACK} {row['model']}",
            fixed(row["score"], places),
            interval(row["lower"], row["upper"], places) if has_interval else MISSING,
            MISSING if row.get("price") is None else signed(row["price"], places),
            count(row.get("size")),
            fixed(row.get("holdout"), places),
        )

    headers = ("model", title, "95% interval", "price", "size", "holdout")
    table(headers, map(cells, rows), right=headers[1:])
    reference = f"; price: against {board['reference']}" if board.get("reference") else ""
    say(f"{GLASS} glass box  {BLACK} black box{reference}; size: numbers to hold in mind")


def runs_beside(runs: Sequence[Run]) -> None:
    """Print the scores of several runs, a row for each model; of two that can be compared, how they changed too."""
    from workbench.plots.numbers import MISSING, decimals, interval, signed
    from workbench.runs import changes, models_of

    changed = changes(*runs) if len(runs) == 2 else {}
    columns = []
    for run in runs:
        scored = [row for row in run.rows.values() if row.get("score") is not None]
        widths = [(r["upper"] - r["lower"]) / 2 for r in scored if r.get("lower") is not None]
        places = decimals([row["score"] for row in scored], widths)
        columns.append({model: _score(row, places) for model, row in run.rows.items()})
    models = models_of(runs)
    glass = {model: row["glassbox"] for run in runs for model, row in run.rows.items()}
    headers = ["model", *(f"{run.label}: {run.metric['title']}" for run in runs)]
    if changed:
        headers.append("change")
        columns.append(
            {m: f"{signed(c.mean, places)} {interval(c.lower, c.upper, places)}" for m, c in changed.items()}
        )
    cells = ((f"{GLASS if glass[m] else BLACK} {m}", *(c.get(m, MISSING) for c in columns)) for m in models)
    table(headers, cells, right=headers[1:])
    say(f"{GLASS} glass box  {BLACK} black box; in brackets 95% intervals" + _way(runs[0]) * bool(changed))


def _score(row: Mapping[str, Any], places: int) -> str:
    from workbench.plots.numbers import fixed, interval

    score = fixed(row["score"], places)
    return score if row.get("lower") is None else f"{score} {interval(row['lower'], row['upper'], places)}"


def _way(run: Run) -> str:
    better = "above" if run.metric["greater_is_better"] else "below"
    return f"; change: from the first to the second on the same test rows, better {better} 0"


def can_write(path: Path, *, force: bool) -> None:
    """Check that nothing would be overwritten unasked.

    Raises
    ------
    FileExistsError
        If there is such a file.
    """
    if path.exists() and not force:
        raise FileExistsError(f"{path}: exists already; give another --out, or --force to overwrite it")


def units(log: Sequence[Mapping[str, Any]]) -> bool:
    """Print what became of the units in a run's log; tell whether any is still to be done."""
    last = {entry["unit"]: entry for entry in log}
    settled: dict[str, list[str]] = {"done": [], "running": [], "interrupted": [], "failed": [], "left out": []}
    for unit, entry in last.items():
        if entry["event"] == "start":
            settled["running" if _is_alive(entry["pid"]) else "interrupted"].append(unit)
        else:
            settled[_BECAME.get(entry["event"], "failed")].append(unit)
    for what in ("running", "interrupted", "failed"):
        for unit in settled[what]:
            say(f"{what}: {unit}")
    told = {what: names for what, names in settled.items() if names or what != "left out"}
    say("units: " + ", ".join(f"{len(names)} {what}" for what, names in told.items()))
    return bool(settled["running"] or settled["interrupted"] or settled["left out"])


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # alive, and another user's
        return True
    return True
