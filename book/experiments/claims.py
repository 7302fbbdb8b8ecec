"""Every checkable claim of the two papers: what it says, what was measured, the verdict.

A claim is words and a function. The words are a table of ``book/claims/CHAPTER.toml``, named after
the chapter that shows them, with the verdict on record::

    [yao-fig5a-k5]
    where = "Fig. 5a, caption"
    statement = "At 10,000 evaluations Csawg with K = 5 is 320 times closer than GD."
    published = "320"
    rule = "within 2 percent of the published ratio; partly: within 20"
    methods = ["Csawg", "GradientDescent"]
    kind = "measurement"
    verdict = "replicates"
    why = "A sentence or two that explain it. What is measured stands in the function alone."

The function has the claim's name, with ``_`` for other signs, and stands in
``book/experiments/CHAPTER.py``. It returns whether the claim holds, and what was measured::

    def yao_fig5a_k5():
        ratio = ...
        off = abs(ratio / 320 - 1)
        return (off < 0.02, off < 0.2), f"{ratio:.0f}"

Whether it holds is True or False, two of them where it can hold in part, ``(fully, partly)``, or
the verdict itself: what a paper asks cannot replicate, it is answered. A claim that is not tested
has words alone. A chapter shows its claims with ``claims.show("valley")``; those that are told
first have ``headline = true``. Of these some have a ``finding``, half a sentence, and a ``number``,
the pattern that finds in what was measured the large number before it, its group ``n``; the group
``other`` stands where the sentence has it.
"""

from __future__ import annotations

import fnmatch
import html
import importlib
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from experiments.store import once

__all__ = [
    "ANSWERED",
    "KINDS",
    "NOT",
    "PARTLY",
    "REPLICATES",
    "UNTESTED",
    "VERDICTS",
    "Claim",
    "Ledger",
    "Result",
    "all_claims",
    "counts",
    "findings",
    "headlines",
    "show",
]

REPLICATES = "replicates"
PARTLY = "partly"
NOT = "does not replicate"
ANSWERED = "answered"
UNTESTED = "not tested"
VERDICTS = {REPLICATES: "●", PARTLY: "◐", NOT: "○", ANSWERED: "◆", UNTESTED: "–"}
"""Each verdict and its sign."""

KINDS = {
    "identity": "follows from a definition, or is our own accounting",
    "theorem": "proved or refuted here, exactly",
    "measurement": "experiments decide",
    "citation": "somebody else's result",
}
"""What a verdict rests on."""

PAPERS = {
    "yao": "Yao 2022",
    "degris": "Degris et al. 2024",
    "sutton": "Sutton 1992",
    "book": "this book",
}
WORDS = Path(__file__).parents[1] / "claims"


class Result(NamedTuple):
    """What a measurement gave: the verdict, and the numbers in words."""

    verdict: str
    measured: str


@dataclass(frozen=True)
class Claim:
    """One checkable claim.

    Attributes
    ----------
    id : str
        Its name; the part before the first hyphen is the paper's.
    chapter : str
        The chapter that shows it.
    where : str
        Section, equation, figure or footnote.
    statement : str
        What the paper says, in our words.
    kind : str
        What its verdict rests on, one of ``KINDS``.
    verdict : str
        The verdict on record, against which a test holds the measured one.
    why : str
        What explains the verdict, without a measured number.
    rule : str
        How the verdict follows from the measurement.
    published : str
        The published value, or "" where there is none.
    methods : tuple of str
        The classes that the claim is about.
    headline : bool
        Whether it is among the few that are told first.
    finding, number : str
        What was found, in half a sentence, and the pattern of the number that stands before it.
    """

    id: str
    chapter: str
    where: str
    statement: str
    kind: str
    verdict: str
    why: str
    rule: str = "not run"
    published: str = ""
    methods: tuple[str, ...] = ()
    headline: bool = False
    finding: str = ""
    number: str = ""

    def __post_init__(self):
        if self.id.split("-")[0] not in PAPERS:
            raise ValueError(f"id must begin with one of {list(PAPERS)} and -, got {self.id!r}")
        _known(self.id, self.verdict)
        _known(self.id, self.kind, "kind", KINDS)

    @property
    def paper(self):
        return PAPERS[self.id.split("-")[0]]

    @property
    def function(self):
        """The name of the function that measures it."""
        return re.sub(r"\W", "_", self.id)

    def place(self):
        """Where its verdict is on record, as file and line."""
        lines = (WORDS / f"{self.chapter}.toml").read_text(encoding="utf-8").splitlines()
        table = next(i for i, line in enumerate(lines) if line.strip('[]"') == self.id)
        line = next(i for i in range(table, len(lines)) if lines[i].startswith("verdict"))
        return f"book/claims/{self.chapter}.toml:{line + 1}"

    def measure(self) -> Result:
        """Measure it now, whatever is kept of earlier measurements."""
        module = importlib.import_module(f"experiments.{self.chapter}")
        if not hasattr(module, self.function):
            if self.verdict == UNTESTED:
                return Result(UNTESTED, "–")
            raise ValueError(
                f"book/experiments/{self.chapter}.py must have a function {self.function}, for "
                f"the verdict on record of {self.id} is {self.verdict!r}"
            )
        holds, measured = getattr(module, self.function)()
        if not isinstance(holds, str):
            fully, partly = holds if isinstance(holds, tuple) else (holds, False)
            holds = REPLICATES if fully else PARTLY if partly else NOT
        return Result(_known(self.id, holds), measured)

    @cached_property
    def result(self) -> Result:
        """The measurement, made once in a command."""
        return Result(*once(self.id, self.measure))

    def row(self):
        """The claim and its measurement as a dictionary of texts."""
        return {
            "id": self.id,
            "paper": self.paper,
            "where": self.where,
            "statement": self.statement,
            "published": self.published,
            "measured": self.result.measured,
            "kind": self.kind,
            "verdict": self.result.verdict,
            "headline": self.headline,
            "why": self.why,
            "rule": self.rule,
            "chapter": self.chapter,
            "methods": list(self.methods),
        }


def _known(id, word, what="verdict", words=VERDICTS):
    if word not in words:
        raise ValueError(f"{id}: {what} must be one of {list(words)}, got {word!r}")
    return word


@cache
def registered():
    """All claims by name, in the order of their files."""
    found = {}
    for file in sorted(WORDS.glob("*.toml")):
        for id, words in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if id in found:
                raise ValueError(f"id must be unique, got {id!r} in {file.name} again")
            words["methods"] = tuple(words.get("methods", ()))
            try:
                found[id] = Claim(id, file.stem, **words)
            except TypeError as error:  # a key too many or too few
                raise ValueError(f"{file.name}: {id}: {error}") from error
    return found


def all_claims(only="*", chapter=None):
    """The claims whose id matches a pattern, in the order of their files."""
    return [
        c
        for c in registered().values()
        if fnmatch.fnmatch(c.id, only) and chapter in (None, c.chapter)
    ]


def counts(found=None):
    """How many claims have each verdict on record, by kind: a table in Markdown.

    Of the papers' claims, unless others are given.
    """
    if found is None:
        found = [c for c in all_claims() if c.paper != "this book"]
    tally = Counter((c.verdict, c.kind) for c in found)
    each = {verdict: [tally[verdict, kind] for kind in KINDS] for verdict in VERDICTS}
    each["all"] = [sum(column) for column in zip(*each.values())]
    rows = [[name, *numbers, sum(numbers)] for name, numbers in each.items()]
    head = ["verdict", *KINDS, "all"], ["---"] + ["---:"] * (len(KINDS) + 1)
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (*head, *rows))


def headlines():
    """The claims that are told first, each with its verdict on record: a list in Markdown."""
    return "\n".join(
        f"- {VERDICTS[c.verdict]} {c.statement} ({c.paper}, {c.where})"
        for c in all_claims()
        if c.headline
    )


class Table:
    """Claims with their verdicts, as text or as an HTML table."""

    columns = ("where", "statement", "published", "measured", "verdict", "why")

    def __init__(self, claims):
        self.claims = list(claims)

    @property
    def says(self):
        """The heading of the statements: whose they are."""
        own = any(c.paper == "this book" for c in self.claims)
        return "Statement" if own else "The paper says"

    def __repr__(self):
        rows = [c.row() for c in self.claims]
        return "\n".join(
            f"{VERDICTS[r['verdict']]} {r['id']} ({r['where']}): {r['verdict']}\n"
            f"    says      {r['statement']}\n"
            + (f"    published {r['published']}\n" if r["published"] else "")
            + f"    measured  {r['measured']}\n"
            f"    why       {r['why']}"
            for r in rows
        )

    def _repr_html_(self):
        return self._html(
            "claims",
            ("Where", self.says, "Published", "We measured", "Verdict"),
            lambda c, r: (
                f"<tr id='claim-{r['id']}'><td>{self.where(r)}</td><td>{r['statement']}</td>"
                f"<td>{r['published'] or '–'}</td><td>{r['measured']}</td>"
            ),
        )

    def where(self, r):
        return r["where"]

    def _html(self, kind, columns, start):
        """A table; ``start`` gives a row's first cells, the verdict is always the last."""
        head = "".join(f"<th scope='col'>{name}</th>" for name in columns)
        body = []
        for c in self.claims:
            r = {k: html.escape(v) for k, v in c.row().items() if isinstance(v, str)}
            word = r["verdict"].split()[0]
            sign = VERDICTS[c.result.verdict]
            body.append(
                f"{start(c, r)}"
                f"<td><span class='verdict verdict-{word}'>{sign} {r['verdict']}</span>"
                f"<br>{r['why']}</td></tr>"
            )
        return (
            f"<table class='{kind}'><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(body)}</tbody></table>"
        )


class Ledger(Table):
    """All claims in one table, whose rows link to the chapters and can be sorted and filtered.

    The page's script reads the attributes ``data-paper``, ``data-chapter``, ``data-verdict``,
    ``data-kind`` and ``data-methods`` of the rows; without it the table is whole.
    """

    def _repr_html_(self):
        def start(c, r):
            methods = html.escape(" ".join(c.methods))
            return (
                f"<tr id='{r['id']}' data-paper='{r['paper']}' data-chapter='{r['chapter']}' "
                f"data-verdict='{r['verdict']}' data-kind='{r['kind']}' data-methods='{methods}'>"
                f"<td><a href='{r['chapter']}.html#claim-{r['id']}'>{r['id']}</a></td>"
                f"<td>{r['where']}<br><i>{r['kind']}</i></td><td>{r['statement']}</td>"
                f"<td>{r['published'] or '–'}</td><td>{r['measured']}</td>"
            )

        columns = ("Claim", "Where", self.says, "Published", "We measured", "Verdict")
        return self._html("claims ledger", columns, start)


class Headlines(Table):
    """Claims of several chapters, each with its paper and a link to its chapter."""

    def where(self, r):
        return f"{r['paper']}, <a href='{r['chapter']}.html#claim-{r['id']}'>{r['where']}</a>"


class Findings(Table):
    """Claims as cards: a number, what it means, and where it comes from."""

    def _repr_html_(self):
        def card(c):
            found = re.search(c.number, c.result.measured)
            words = html.escape(c.finding.format(**found.groupdict()))
            sign, place = VERDICTS[c.result.verdict], f"{c.chapter}.html#claim-{c.id}"
            link = f"<a href='{place}'>{sign} {c.paper}</a>"
            return f"<li><b>{html.escape(found['n'])}</b> <span>{words}</span> {link}</li>"

        return f"<ol class='findings'>{''.join(map(card, self.claims))}</ol>"


def findings():
    """What was found, in cards, measured now."""
    return Findings(c for c in all_claims() if c.finding)


def show(chapter=None, only="*", headline=False):
    """The claims of a chapter, measured now, as a table.

    Parameters
    ----------
    chapter : str, optional
        The chapter's name; all chapters unless given.
    only : str
        A pattern of identifiers, such as ``"yao-fig5*"``.
    headline : bool
        Those alone that are told first.
    """
    found = [c for c in all_claims(only, chapter) if c.headline or not headline]
    if not found:
        raise ValueError(f"no claim matches chapter={chapter!r}, only={only!r}")
    return (Headlines if headline else Table)(found)
