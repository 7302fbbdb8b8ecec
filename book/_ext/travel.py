"""What the site carries for use without it: wheel, notebooks, ledger, sweeps, requirements.

All of it stands in ``files/`` of the built pages, made of the sources that they are made of: the
same bytes from the same bytes. The directive ``carried`` lists it.
"""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import stepsize
from experiments.claims import Result, registered

ROOT = Path(stepsize.__file__).parents[1]
THEN = (2026, 1, 1, 0, 0, 0)  # of every file in an archive
PACKAGE = ("stepsize", "pyproject.toml", "README.md", "LICENSE")
PROJECT = (*PACKAGE, "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "Makefile")
PROJECT += ("_config.yml", "_toc.yml", "conftest.py", "requirements.txt", "tests")
ROW = re.compile(r"^\S (\S+) \(.*\): (.*)\n(?:    .*\n)*?    measured  (.*)$", re.MULTILINE)


def carried(version=stepsize.__version__):
    """The names of what is carried, with what each is; without words, the stored sweeps."""
    sweeps = {p.name: "" for p in sorted((ROOT / "book" / "data").glob("*.csv"))}
    return {
        f"stepsize-{version}-py3-none-any.whl": "the package, which needs NumPy alone",
        f"stepsize-{version}-notebooks.zip": "all notebooks with what runs them and tests them",
        "requirements.txt": "what the notebooks need, pinned",
        "ledger.csv": "every claim with its verdict, as a table",
        "ledger.json": "the same for programs",
        **sweeps,
    }


def sources(names, root=ROOT):
    """The files behind these names, by their path from the root."""
    for name in names:
        found = [root / name] if (root / name).is_file() else sorted((root / name).rglob("*"))
        for file in found:
            path = file.relative_to(root)
            hidden = any(part.startswith((".", "__pycache__")) for part in path.parts)
            if file.is_file() and not hidden and file.suffix != ".pyc":
                yield path.as_posix(), file


def archive(target, files):
    """A zip archive of files by name, with nothing in it of when and where it was made."""
    with zipfile.ZipFile(target, "w") as packed:
        for name, content in files:
            data = content if isinstance(content, bytes) else content.read_bytes()
            entry = zipfile.ZipInfo(name, THEN)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)


def wheel(folder):
    """Build the package's wheel, of a copy and without a network."""
    with tempfile.TemporaryDirectory() as copy:
        for name, file in sources(PACKAGE):
            Path(copy, name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, Path(copy, name))
            Path(copy, name).chmod(0o644)
        build = "import sys, setuptools.build_meta as b; print(b.build_wheel(sys.argv[1]))"
        subprocess.run(
            [sys.executable, "-c", build, Path(folder).resolve()],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": "", "SOURCE_DATE_EPOCH": "1767225600"},  # THEN
            check=True,
            capture_output=True,
        )


def ledger(source):
    """The claims' words with the measurements that the ledger's page shows."""
    page = nbformat.read(Path(source) / "book" / "ledger.ipynb", as_version=4)
    outputs = [o for cell in page.cells for o in cell.get("outputs", ())]
    texts = [str(o.get("data", {}).get("text/plain", "")) for o in outputs]
    shown = {id: rest for text in texts for id, *rest in ROW.findall(text)}
    claims = [replace(claim) for claim in registered().values()]
    for claim in claims:
        vars(claim)["result"] = Result(*shown[claim.id])  # as if measured here
    return [claim.row() for claim in claims]


def carry(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    source, folder = Path(app.srcdir), Path(app.outdir) / "files"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    wheel(folder)
    top = f"stepsize-{stepsize.__version__}"
    files = sorted([*sources(PROJECT), *sources(["book"], root=source)])
    archive(folder / f"{top}-notebooks.zip", ((f"{top}/{name}", file) for name, file in files))
    rows = ledger(source)
    text = io.StringIO()
    table = csv.DictWriter(text, rows[0], lineterminator="\n")
    table.writeheader()
    table.writerows({**row, "methods": " ".join(row["methods"])} for row in rows)
    (folder / "ledger.csv").write_bytes(text.getvalue().encode())
    (folder / "ledger.json").write_bytes(json.dumps(rows, indent=1, ensure_ascii=False).encode())
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8").removesuffix("-e .\n")
    (folder / "requirements.txt").write_bytes(pins.encode())
    for file in (source / "book" / "data").glob("*.csv"):
        shutil.copyfile(file, folder / file.name)
    wanted, there = set(carried()), {file.name for file in folder.iterdir()}
    if wanted != there:
        raise RuntimeError(f"the site must carry {sorted(wanted)}, got {sorted(there)}")


class Carried(SphinxDirective):
    """The list of what is carried, each with its link."""

    def run(self):
        up = "../" * self.env.docname.count("/")
        items, sweeps = nodes.bullet_list(), nodes.paragraph("", "the stored sweeps: ")
        for name, what in carried().items():
            link = nodes.reference("", name, refuri=f"{up}files/{name}")
            if what:
                items += nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(f": {what}")))
            else:
                sweeps += [link, nodes.Text(", ")]
        items += nodes.list_item("", sweeps)
        sweeps.pop()
        return [items]


def setup(app):
    app.add_directive("carried", Carried)
    app.connect("build-finished", carry)
    return {"parallel_read_safe": True}
