"""Waiting for a process as long as it shows signs of life: a busy machine takes minutes for the work of seconds."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path


class Patience:
    """Ends when a process has shown no sign of life for so long: neither its CPU time nor a file of its grew."""

    def __init__(self, quiet_seconds: float) -> None:
        self.quiet_seconds = quiet_seconds
        self._seen: object = None
        self._since = time.monotonic()

    def is_over(self, pid: int | None, files: Iterable[Path]) -> bool:
        """Whether the process, if it is known, and the files that it writes have been quiet for too long by now."""
        signs = (pid, cpu_time(pid) if pid else None, [_measure_file(file) for file in files])
        if signs != self._seen:
            self._seen, self._since = signs, time.monotonic()
        return time.monotonic() - self._since > self.quiet_seconds


def cpu_time(pid: int) -> str | None:
    """Return the CPU time that a process has used so far, as the system writes it; None where it is gone."""
    try:  # Linux; the fields behind the name, which may hold blanks
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return f"{fields[11]} {fields[12]}"
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    done = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _measure_file(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
