"""``python -m experiments``: measure the claims and print the verdicts."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from experiments.claims import Table, all_claims, counts, headlines

README = Path(__file__).parents[2] / "README.md"


def told(text):
    """The README with the verdicts on record: counts and headlines between their marks."""
    for name, part in (("counts", counts()), ("headlines", headlines())):
        start, end = (text.index(f"<!-- {slash}{name} -->") for slash in ("", "/"))
        text = f"{text[:start]}<!-- {name} -->\n{part}\n{text[end:]}"
    return text


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="identifiers, e.g. 'yao-fig5*'"
    )
    parser.add_argument(
        "--readme", action="store_true", help="write the verdicts on record to README.md"
    )
    options = parser.parse_args(arguments)
    if options.readme:
        README.write_text(told(README.read_text(encoding="utf-8")), encoding="utf-8")
        return
    claims = all_claims(options.only)
    if not claims:
        parser.error(f"no claim matches {options.only!r}")
    if options.json:
        print(json.dumps([c.row() for c in claims], indent=1))
        return
    print(Table(claims))
    print(f"\n{counts(claims)}")
    for c in claims:
        if c.result.verdict != c.verdict:
            print(f"{c.place()} has {c.verdict!r} on record, but {c.id} {c.result.verdict}")


if __name__ == "__main__":
    # A pipe may know fewer letters than the claims have: Latin-1, cp1252, ASCII.
    sys.stdout.reconfigure(errors="backslashreplace")
    main()
