"""The book's table of contents."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def toc_pages():
    """The pages as _toc.yml names them, without suffix."""

    def pages(entry):
        for key, value in entry.items():
            if key in ("root", "file"):
                yield value
            elif isinstance(value, list):
                for child in value:
                    yield from pages(child)

    return list(pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))))
