"""Archive the built site, and what it carries, under the version (``make release``)."""

import hashlib
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "book"), str(ROOT / "book" / "_ext")]

from travel import archive, sources  # noqa: E402

import stepsize  # noqa: E402


def main():
    name = f"stepsize-{stepsize.__version__}"
    html, folder = ROOT / "_build" / "html", ROOT / "_build" / "release" / name
    if not (html / "files").is_dir():
        sys.exit("the book is not built: run make release, or make book before this")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(html / "files", folder)
    pages = sources([path.name for path in sorted(html.iterdir())], root=html)
    archive(folder / f"{name}-site.zip", ((f"{name}-site/{path}", file) for path, file in pages))
    sums = "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
        for file in sorted(folder.iterdir())
    )
    (folder / "SHA256SUMS").write_bytes(sums.encode())
    print(f"Version {stepsize.__version__} is archived in {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
