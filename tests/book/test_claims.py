"""Every verdict, measured anew and held against the one on record; words and code belong together.

After a change that is meant to turn a verdict, its line in ``book/claims/`` is edited: the message
of the test that fails names it.
"""

import importlib
import json
import pkgutil
import re
import tomllib

import pytest

import experiments
from experiments import claims
from experiments.__main__ import main

CLAIMS = {c.id: c for c in claims.all_claims()}


@pytest.mark.parametrize("id", CLAIMS)
def test_verdict(id):
    claim = CLAIMS[id]
    now = claim.result
    assert now.verdict == claim.verdict, (
        f"{claim.place()} has {claim.verdict!r}, but measured: {now.measured}, {now.verdict!r}"
    )


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda c: c.id)
def test_words_are_complete(claim):
    assert claim.statement.endswith(".") and claim.why.endswith((".", "?")) and claim.where
    assert claim.rule != claims.Claim.rule or claim.verdict == claims.UNTESTABLE


def test_every_measurement_has_words():
    functions = {
        name
        for module in pkgutil.iter_modules(experiments.__path__)
        if module.name != "__main__"
        for name in vars(importlib.import_module(f"experiments.{module.name}"))
        if name.startswith(tuple(f"{paper}_" for paper in claims.PAPERS))
    }
    assert functions <= {claim.function for claim in CLAIMS.values()}


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
