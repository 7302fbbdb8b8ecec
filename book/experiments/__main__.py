"""``python -m experiments``: measure the claims and print the verdicts."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter

from experiments.claims import VERDICTS, Table, all_claims


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="identifiers, e.g. 'yao-fig5*'"
    )
    options = parser.parse_args(arguments)
    claims = all_claims(options.only)
    if not claims:
        parser.error(f"no claim matches {options.only!r}")
    if options.json:
        print(json.dumps([c.row() for c in claims], indent=1))
        return
    print(Table(claims))
    tally = Counter(c.result.verdict for c in claims)
    print(f"\n{len(claims)} claims: " + ", ".join(f"{tally[v]} {v}" for v in VERDICTS))
    for c in claims:
        if c.result.verdict != c.verdict:
            print(f"{c.place()} has {c.verdict!r} on record, but {c.id} {c.result.verdict}")


if __name__ == "__main__":
    # A pipe may know fewer letters than the claims have: Latin-1, cp1252, ASCII.
    sys.stdout.reconfigure(errors="backslashreplace")
    main()
