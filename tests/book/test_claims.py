"""Every verdict, measured anew and held against the one on record in ``verdicts/``.

After a change that is meant to turn a verdict: ``python tests/book/test_claims.py [CHAPTER
...]`` writes the record of the chapters again, and the difference shows what turned.
"""

import json
import pathlib
import sys

import pytest

from experiments import claims
from experiments.__main__ import main

RECORDS = pathlib.Path(__file__).parent.parent / "verdicts"  # one file a chapter
ON_RECORD = {
    id: row
    for file in sorted(RECORDS.glob("*.json"))
    for id, row in json.loads(file.read_text()).items()
}
CLAIMS = {c.id: c for c in claims.all_claims()}


@pytest.mark.parametrize("id", CLAIMS)
def test_verdict(id):
    now = CLAIMS[id].result
    assert id in ON_RECORD, f"{id} is not on record; measured {now.measured}: {now.verdict}"
    was = ON_RECORD[id]
    assert now.verdict == was["verdict"], (
        f"{id} was {was['verdict']!r} with {was['measured']}, "
        f"is {now.verdict!r} with {now.measured}"
    )


def test_record_has_no_claim_that_is_gone():
    assert set(ON_RECORD) <= set(CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda c: c.id)
def test_claim_is_complete(claim):
    assert claim.statement.endswith(".") and claim.where and claim.rule


def test_json_lists_objects(capsys):
    some = next(iter(CLAIMS))
    main(["--json", "--only", some])
    (row,) = json.loads(capsys.readouterr().out)
    wanted = {"id", "paper", "where", "statement", "published", "measured", "verdict", "why"}
    assert wanted <= set(row) and row["id"] == some


def test_text_counts_the_verdicts(capsys):
    some = next(iter(CLAIMS))
    main(["--only", some])
    assert "1 claims:" in capsys.readouterr().out


def test_unknown_pattern_is_an_error():
    with pytest.raises(ValueError, match="no claim matches"):
        claims.show(only="nobody-said-this")


def write(chapters):
    RECORDS.mkdir(exist_ok=True)
    for chapter in chapters or {c.chapter for c in CLAIMS.values()}:
        results = {c.id: c.result for c in claims.all_claims(chapter=chapter)}
        rows = {id: {"verdict": r.verdict, "measured": r.measured} for id, r in results.items()}
        text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
        (RECORDS / f"{chapter}.json").write_text(text)


if __name__ == "__main__":
    write(sys.argv[1:])
