"""Execute the chapters' notebooks in parallel, so that equal results are equal bytes.

Without options, a copy of the sources in _build/source (``make book``); with ``--stored`` that
copy as it is, nothing executed (``make test``); with ``--in-place`` the stored notebooks
themselves, all or those named (``make notebooks``).
"""

import argparse
import hashlib
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "_build" / "source"
MEASURED = ROOT / "_build" / "measured"
WIDGET = "application/vnd.jupyter.widget-view+json"


def copy_sources():
    """A fresh copy of what the book is built from."""
    shutil.rmtree(COPY, ignore_errors=True)
    ignored = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
    shutil.copytree(ROOT / "book", COPY / "book", ignore=ignored)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, COPY / name)


def normalize(notebook):
    """Drop or fix whatever differs between two executions with the same results."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for name in ("jupytext", "widgets"):
        notebook.metadata.pop(name, None)
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    }
    taken = set()
    for cell in notebook.cells:
        source = cell.source
        while (name := hashlib.sha1(source.encode()).hexdigest()[:8]) in taken:
            source += "\n"
        taken.add(name)
        cell.id = name
        for key in ("execution", "collapsed", "scrolled", "trusted"):
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", ()):
            # A view is nothing without its kernel; the HTML beside it is what can be kept.
            if len(output.get("data", ())) > 1:
                output.data.pop(WIDGET, None)


def execute(path):
    """Execute one notebook and write it back; return the seconds and what went wrong, if anything.

    A notebook that fails is left as it was.
    """
    start = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        coalesce_streams=True,
        # Quiet about the kernel listening on this machine without encryption.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return time.perf_counter() - start, str(error)
    except Exception as error:  # the kernel died, or a cell took too long
        return time.perf_counter() - start, f"{type(error).__name__}: {error}"
    normalize(notebook)
    nbformat.write(notebook, path)
    return time.perf_counter() - start, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--in-place", action="store_true", help="the stored notebooks themselves")
    parser.add_argument("--stored", action="store_true", help="copy only, execute nothing")
    parser.add_argument("names", nargs="*", help="chapters, without .ipynb (default: all)")
    options = parser.parse_args()

    # What this command measures is measured once, and nothing that another one has is read.
    shutil.rmtree(MEASURED, ignore_errors=True)
    MEASURED.mkdir(parents=True)
    os.environ["STEPSIZE_MEASURED"] = str(MEASURED)
    if not options.in_place:
        copy_sources()
        if options.stored:
            return 0
    paths = {path.stem: path for path in sorted((ROOT / "book").glob("*.ipynb"))}
    unknown = sorted(set(options.names) - set(paths))
    if unknown:
        sys.exit(f"no such chapter: {', '.join(unknown)} (there are: {', '.join(paths)})")
    chosen = [path for name, path in paths.items() if name in options.names or not options.names]
    chosen.sort(key=lambda path: path.stem == "ledger")  # it reads what the chapters measure
    if not options.in_place:
        chosen = [COPY / path.relative_to(ROOT) for path in chosen]

    os.environ.pop("MPLBACKEND", None)  # figures are drawn inline
    failed = 0
    with ProcessPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        jobs = {pool.submit(execute, path): path for path in chosen}
        for job in as_completed(jobs):
            seconds, problem = job.result()
            name = jobs[job].name
            if problem is None:
                print(f"{name}: executed in {seconds:.1f} s", flush=True)
            else:
                failed += 1
                print(f"{name}: FAILED after {seconds:.1f} s\n{problem}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
