"""Every verdict, measured anew and held against the one on record; words and code belong together.

After a change that is meant to turn a verdict, its line in ``book/claims/`` is edited: the message
of the test that fails names it.
"""

import dataclasses
import html
import importlib
import json
import pkgutil
import re

import pytest
from toc import ROOT

import experiments
from experiments import claims, papers, valley
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
    assert claim.rule != claims.Claim.rule or claim.verdict == claims.UNTESTED


NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:e-?\d+)?")
NOT_MEASURED = (
    r"\b(?:Section|Lemma|Algorithm|footnote|Figs?\.|eqs?\.|Eq\.) \d[\d.]*",
    r"\b(?:1[89]|20)\d\d\b",  # years
    r"\bK = \d+(?: and \d+)?",  # windows
    *(rf"\b{re.escape(f'{a:g}')}\b" for a in (papers.BOWL_STEP, *papers.VALLEY_STEPS)),
    # formulas: one digit at an operator, a letter or a bracket
    r"(?<![\d.,])\d(?!e-?\d)(?=[A-Za-zα-ω^/)}]| [-−+<>] )",
    r"(?<=[_^/(√])\d|(?<= [-−+<>] )\d|(?<== )0\b",
)


def measured_numbers(why, words=""):
    """The numbers of a reason that neither the claim's words nor a setting or a formula explain."""
    for pattern in NOT_MEASURED:
        why = re.sub(pattern, " ", why)
    return [n for n in NUMBER.findall(why) if n not in NUMBER.findall(words)]


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda c: c.id)
def test_reason_carries_no_measured_number(claim):
    words = f"{claim.where} {claim.statement} {claim.rule} {claim.published}"
    assert measured_numbers(claim.why, words) == [], f"{claim.place()}: {claim.why}"


@pytest.mark.parametrize(
    "why, found",
    [
        ("K = 1, which the paper did not try, takes 209.", ["209"]),
        ("The step sizes are still at 2.5; for K = 100 the delay is 200.", ["2.5", "200"]),
        ("13 of 500 disturbed runs leave for good.", ["13", "500"]),
        ("It ends at 9.9e-05, 3 times lower.", ["9.9e-05", "3"]),
        ("By (1 - mu/L)^2 of Section 2.1, since 1983, with 0.001, it is 1 − αx² and 2K.", []),
    ],
)
def test_measured_numbers_are_told_from_others(why, found):
    assert measured_numbers(why) == found


def test_every_measurement_has_words():
    functions = {
        name
        for module in pkgutil.iter_modules(experiments.__path__)
        if module.name != "__main__"
        for name in vars(importlib.import_module(f"experiments.{module.name}"))
        if name.startswith(tuple(f"{paper}_" for paper in claims.PAPERS))
    }
    assert functions <= {claim.function for claim in CLAIMS.values()}


WORDS = {"where": "nowhere", "statement": "So.", "why": "Thus.", "rule": "as made up"}
WORDS["kind"] = "theorem"


def made_up(verdict):
    return claims.Claim("yao-made.up-1", "valley", verdict=verdict, **WORDS)


@pytest.mark.parametrize(
    "holds, verdict",
    [
        (True, claims.REPLICATES),
        (False, claims.NOT),
        ((True, True), claims.REPLICATES),
        ((False, True), claims.PARTLY),
        ((False, False), claims.NOT),
        (claims.PARTLY, claims.PARTLY),
    ],
)
def test_verdict_follows_from_what_the_function_returns(monkeypatch, holds, verdict):
    monkeypatch.setattr(valley, "yao_made_up_1", lambda: (holds, "17"), raising=False)
    assert made_up(claims.NOT).measure() == (verdict, "17")


def test_words_without_code_are_not_tested():
    assert made_up(claims.UNTESTED).measure().verdict == claims.UNTESTED
    with pytest.raises(ValueError, match="must have a function yao_made_up_1"):
        made_up(claims.PARTLY).measure()


@pytest.mark.parametrize(
    "line, said",
    [
        ("verdict = 'maybe'", "verdict must be one of"),
        ("verdict = 'partly'\nremark = 'odd'", "sayings.toml: yao-x: .*remark"),
        ("", "sayings.toml: yao-x: .*verdict"),
        ("verdict = 'partly'\nkind = 'feeling'", "yao-x: kind must be one of .*'identity'"),
        ("verdict = 'partly'\nkind = ''", "yao-x: kind must be one of"),
    ],
)
def test_wrong_words_are_named(tmp_path, monkeypatch, line, said):
    words = "\n".join(
        f"{key} = '{value}'" for key, value in WORDS.items() if f"{key} =" not in line
    )
    (tmp_path / "sayings.toml").write_text(f"[yao-x]\n{words}\n{line}", encoding="utf-8")
    monkeypatch.setattr(claims, "WORDS", tmp_path)
    with pytest.raises(ValueError, match=said):
        claims.registered.__wrapped__()


def test_command_names_the_line_of_a_verdict_that_turned(monkeypatch, capsys):
    turned = dataclasses.replace(CLAIMS["yao-eq8"], verdict=claims.NOT)
    monkeypatch.setattr("experiments.__main__.all_claims", lambda only: [turned])
    main([])
    file, line = re.search(r"(book/claims/.*):(\d+) has", capsys.readouterr().out).groups()
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert lines[int(line) - 1] == f'verdict = "{CLAIMS["yao-eq8"].verdict}"'
    assert [text for text in lines[: int(line)] if text.startswith("[")][-1] == "[yao-eq8]"


def test_words_without_a_kind_are_refused(tmp_path, monkeypatch):
    words = [f"{key} = '{value}'" for key, value in WORDS.items() if key != "kind"]
    words += ["verdict = 'partly'"]
    (tmp_path / "sayings.toml").write_text("\n".join(["[yao-x]", *words]), encoding="utf-8")
    monkeypatch.setattr(claims, "WORDS", tmp_path)
    with pytest.raises(ValueError, match=r"yao-x: .*kind"):
        claims.registered.__wrapped__()


def test_counts_by_verdict_and_kind():
    some = [
        dataclasses.replace(made_up(verdict), kind=kind)
        for verdict, kind in (
            (claims.PARTLY, "identity"),
            (claims.PARTLY, "theorem"),
            (claims.NOT, "theorem"),
        )
    ]
    lines = claims.counts(some).splitlines()
    assert lines[0] == "| verdict | identity | theorem | measurement | citation | all |"
    assert lines[3] == "| partly | 1 | 1 | 0 | 0 | 2 |"
    assert lines[-1] == "| all | 1 | 2 | 0 | 0 | 3 |"


def test_headlines_are_few_and_told_first():
    told = [c for c in CLAIMS.values() if c.headline]
    assert 20 <= len(told) <= 30
    assert len({c.chapter for c in told}) >= 10
    assert {c.verdict for c in told} >= {claims.REPLICATES, claims.PARTLY, claims.NOT}
    assert [c.id for c in claims.show(headline=True).claims] == [c.id for c in told]
    assert all(c.statement in claims.headlines() for c in told)


def test_findings_are_ten_and_their_numbers_were_measured():
    found = claims.findings().claims
    assert len(found) == 10 and all(c.headline for c in found)
    cards = claims.findings()._repr_html_().split("</li>")[:-1]
    for claim, card in zip(found, cards, strict=True):
        number = html.unescape(re.search("<b>(.+?)</b>", card)[1])
        assert number in claim.result.measured and "{" not in card, card


def test_json_lists_objects(capsys):
    some = next(iter(CLAIMS))
    main(["--json", "--only", some])
    (row,) = json.loads(capsys.readouterr().out)
    wanted = {"id", "paper", "where", "statement", "published", "measured", "verdict", "why"}
    wanted |= {"kind", "headline"}
    assert wanted <= set(row) and row["id"] == some


def test_text_counts_the_verdicts(capsys):
    some = next(iter(CLAIMS))
    main(["--only", some])
    assert capsys.readouterr().out.endswith(f"\n{claims.counts([CLAIMS[some]])}\n")


def test_unknown_pattern_is_an_error():
    with pytest.raises(ValueError, match="no claim matches"):
        claims.show(only="nobody-said-this")
