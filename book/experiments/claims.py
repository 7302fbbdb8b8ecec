"""Every checkable claim of the two papers: what it says, what was measured, the verdict.

A claim is registered by decorating the function that measures it::

    @claim(
        "yao-fig5a-k5",
        where="Fig. 5a",
        statement="At 10,000 evaluations Csawg with K = 5 is 320 times closer than GD.",
        published="320",
        rule="within 2 percent of the published ratio",
        methods=("Csawg", "GradientDescent"),
    )
    def _():
        ratio = ...
        good = abs(ratio / 320 - 1) < 0.02
        return Measured(f"{ratio:.0f}", agrees(good), "Why, in a sentence or two.")

The module a claim stands in is named after the chapter that shows it; a chapter shows its
claims with ``claims.show("valley")``.
"""

from __future__ import annotations

import fnmatch
import html
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import experiments

__all__ = [
    "NOT",
    "PARTLY",
    "REPLICATES",
    "UNTESTABLE",
    "VERDICTS",
    "Claim",
    "Ledger",
    "Measured",
    "agrees",
    "all_claims",
    "claim",
    "show",
]

REPLICATES = "replicates"
PARTLY = "partly"
NOT = "does not replicate"
UNTESTABLE = "cannot be tested here"
VERDICTS = {REPLICATES: "●", PARTLY: "◐", NOT: "○", UNTESTABLE: "–"}
"""Each verdict and its sign."""

PAPERS = {"yao": "Yao 2022", "degris": "Degris et al. 2024", "sutton": "Sutton 1992"}


class Measured(NamedTuple):
    """What a measurement gave: the number in words, the verdict, and why."""

    measured: str
    verdict: str
    why: str


@dataclass(frozen=True)
class Claim:
    """One checkable claim.

    Attributes
    ----------
    id : str
        Its name; the part before the first hyphen is the paper's.
    where : str
        Section, equation, figure or footnote.
    statement : str
        What the paper says, in our words.
    published : str
        The published value, or "" where there is none.
    rule : str
        How the verdict follows from the measurement.
    methods : tuple of str
        The classes that the claim is about.
    chapter : str
        The chapter that shows it.
    measure : callable
        Runs the package and returns :class:`Measured`.
    """

    id: str
    where: str
    statement: str
    published: str
    rule: str
    methods: tuple[str, ...]
    chapter: str
    measure: Callable[[], Measured]

    @property
    def paper(self):
        return PAPERS[self.id.split("-")[0]]

    @cached_property
    def result(self) -> Measured:
        """The measurement, made once."""
        result = Measured(*self.measure())
        if result.verdict not in VERDICTS:
            raise ValueError(
                f"{self.id}: verdict must be one of {list(VERDICTS)}, got {result.verdict!r}"
            )
        return result

    def row(self):
        """The claim and its measurement as a dictionary of texts."""
        measured, verdict, why = self.result
        return {
            "id": self.id,
            "paper": self.paper,
            "where": self.where,
            "statement": self.statement,
            "published": self.published,
            "measured": measured,
            "verdict": verdict,
            "why": why,
            "rule": self.rule,
            "chapter": self.chapter,
            "methods": list(self.methods),
        }


_REGISTRY: dict[str, Claim] = {}


def claim(id, *, where, statement, rule, published="", methods=()):
    """Register the decorated function as the measurement of a claim."""
    if id in _REGISTRY:
        raise ValueError(f"id must be unique, got {id!r} twice")
    if id.split("-")[0] not in PAPERS:
        raise ValueError(f"id must begin with one of {list(PAPERS)} and a hyphen, got {id!r}")

    def register(measure):
        chapter = measure.__module__.rpartition(".")[2]
        _REGISTRY[id] = Claim(
            id, where, statement, published, rule, tuple(methods), chapter, measure
        )
        return measure

    return register


def agrees(fully, partly=False):
    """The verdict of one or two conditions."""
    return REPLICATES if fully else PARTLY if partly else NOT


def all_claims(only="*", chapter=None):
    """The claims whose id matches a pattern, in the order of their modules."""
    for module in pkgutil.iter_modules(experiments.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"experiments.{module.name}")
    return [
        c
        for c in _REGISTRY.values()
        if fnmatch.fnmatch(c.id, only) and chapter in (None, c.chapter)
    ]


class Table:
    """Claims with their verdicts, as text or as an HTML table."""

    columns = ("where", "statement", "published", "measured", "verdict", "why")

    def __init__(self, claims):
        self.claims = list(claims)

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
            ("Where", "The paper says", "Published", "We measured", "Verdict"),
            lambda c, r: (
                f"<tr id='claim-{r['id']}'><td>{r['where']}</td><td>{r['statement']}</td>"
                f"<td>{r['published'] or '–'}</td><td>{r['measured']}</td>"
            ),
        )

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

    The page's script reads the attributes ``data-paper``, ``data-chapter``, ``data-verdict`` and
    ``data-methods`` of the rows; without it the table is whole.
    """

    def _repr_html_(self):
        def start(c, r):
            methods = html.escape(" ".join(c.methods))
            return (
                f"<tr id='{r['id']}' data-paper='{r['paper']}' data-chapter='{r['chapter']}' "
                f"data-verdict='{r['verdict']}' data-methods='{methods}'>"
                f"<td><a href='{r['chapter']}.html#claim-{r['id']}'>{r['id']}</a></td>"
                f"<td>{r['where']}</td><td>{r['statement']}</td>"
                f"<td>{r['published'] or '–'}</td><td>{r['measured']}</td>"
            )

        columns = ("Claim", "Where", "The paper says", "Published", "We measured", "Verdict")
        return self._html("claims ledger", columns, start)


def show(chapter=None, only="*"):
    """The claims of a chapter, measured now, as a table.

    Parameters
    ----------
    chapter : str, optional
        The chapter's name; all chapters unless given.
    only : str
        A pattern of identifiers, such as ``"yao-fig5*"``.
    """
    found = all_claims(only, chapter)
    if not found:
        raise ValueError(f"no claim matches chapter={chapter!r}, only={only!r}")
    return Table(found)
