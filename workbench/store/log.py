"""The log of a run: what was done, when, by which process."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Log:
    """A run's ``units.jsonl``: a line per event, each appended by one write, so that lines never mix."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "units.jsonl"

    def append(self, unit: str, key: str, event: str, seconds: float, pid: int) -> None:
        """Add an event."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = {"unit": unit, "key": key[:12], "event": event, "seconds": round(seconds, 6), "time": now, "pid": pid}
        self._write(json.dumps(entry).encode() + b"\n")

    def mend(self) -> None:
        """End a last line that was torn, so that the next event starts a line of its own."""
        if self.path.exists() and (content := self.path.read_bytes()) and not content.endswith(b"\n"):
            self._write(b"\n")

    def read(self) -> tuple[dict[str, Any], ...]:
        """Give all events in order; a torn line is left out."""
        events = []
        for line in self.path.read_bytes().splitlines() if self.path.exists() else ():
            with suppress(ValueError):
                events.append(json.loads(line))
        return tuple(event for event in events if isinstance(event, dict))

    def unfinished(self) -> set[tuple[str, int]]:
        """Give key and process of each start that no later event of that process has settled."""
        begun: set[tuple[str, int]] = set()
        for event in self.read():
            (begun.add if event["event"] == "start" else begun.discard)((event["key"], event["pid"]))
        return begun

    def _write(self, line: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(file, line)
        finally:
            os.close(file)


def read_log(folder: str | Path) -> tuple[dict[str, Any], ...]:
    """Give the events of a run's ``units.jsonl`` in order, each a dict of unit, key, event, seconds, time and pid.

    Events are "start", "done", "found", "failed", "timeout", "skipped" and "stopped"; keys are cut to 12 digits. A line
    that was torn when a run was killed is left out.
    """
    return Log(Path(folder)).read()
