"""What one process of a command has measured, for its other processes.

``make book`` and ``make test`` run many: a kernel a notebook, test workers. Each command empties a
folder and names it in the environment variable ``STEPSIZE_MEASURED``, so that nothing stale is ever
read. Where none is named, as under ``make lab``, every process measures for itself.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

WAIT = 600.0  # seconds for somebody else's measurement; then we measure, too


def once(name, measure):
    """``measure()``, or what another process of this command got from it: a list of texts.

    Each name has a small database of its own, for its lock: whoever measures holds it, others
    wait, and the operating system takes it from a process that dies.
    """
    folder = os.environ.get("STEPSIZE_MEASURED")
    if not (folder and Path(folder).is_dir()):
        return measure()
    file = Path(folder) / f"{name}.sqlite"
    with closing(sqlite3.connect(file, timeout=WAIT, isolation_level=None)) as kept:
        try:
            kept.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:  # locked for too long
            return measure()
        kept.execute("CREATE TABLE IF NOT EXISTS results (texts TEXT)")
        row = kept.execute("SELECT texts FROM results").fetchone()
        if row:
            return json.loads(row[0])
        found = measure()
        kept.execute("INSERT INTO results VALUES (?)", [json.dumps(found)])
        kept.execute("COMMIT")
        return found
