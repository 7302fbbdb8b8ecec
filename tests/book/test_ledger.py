"""The ledger as a whole: complete, shown, sensitive to faults."""

import functools
import itertools
import re
import sys

import nbformat
import pytest
from toc import ROOT, toc_pages

from experiments import claims
from stepsize import Csawg

CLAIMS = claims.all_claims()


# ---- what it holds -----------------------------------------------------------------------------


def test_there_are_many_and_no_id_twice():
    ids = [c.id for c in CLAIMS]
    assert len(ids) == len(set(ids)) >= 100
    assert {c.paper for c in CLAIMS} == set(claims.PAPERS.values())


@functools.cache
def shown(chapter):
    """All stored outputs of a chapter, as one text."""
    notebook = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", as_version=4)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    return "\n".join(str(o.get("data", {}).get("text/html", "")) for o in outputs)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_chapter_shows_the_claim(claim):
    assert f"book/{claim.chapter}" in toc_pages()
    assert shown(claim.chapter).count(f"<tr id='claim-{claim.id}'>") == 1


def test_page_shows_every_claim_once():
    for claim in CLAIMS:
        assert shown("ledger").count(f"<tr id='{claim.id}' ") == 1, claim.id


def test_page_shows_the_verdicts_on_record():
    for claim in CLAIMS:
        row_start = shown("ledger").split(f"<tr id='{claim.id}' ")[1].split(">")[0]
        assert f"data-verdict='{claim.verdict}'" in row_start, claim.id
        assert f"data-kind='{claim.kind}'" in row_start, claim.id


@pytest.mark.parametrize("page", ["ledger", "index"])
def test_pages_count_by_kind(page):
    notebook = nbformat.read(ROOT / "book" / f"{page}.ipynb", as_version=4)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    assert claims.counts() in "\n".join(o.get("data", {}).get("text/markdown", "") for o in outputs)


def test_landing_page_shows_the_headlines():
    for claim in claims.show(headline=True).claims:
        assert shown("index").count(f"<tr id='claim-{claim.id}'>") == 1, claim.id


ROW = re.compile(r'^[a-z]+\("((?:yao|degris|sutton)-[^"]+)"\)$', flags=re.MULTILINE)


def test_every_erratum_shows_its_row():
    cells = nbformat.read(ROOT / "book" / "errata.ipynb", as_version=4).cells
    known, numbers = {c.id for c in CLAIMS}, []
    for text, code in itertools.pairwise(cells):
        found = re.match(r"(?:#.*\n\n)?\*\*(\d+)\. ", text.source)
        if text.cell_type == "markdown" and found:
            numbers.append(int(found[1]))
            assert set(ROW.findall(code.source)) & known, f"erratum {found[1]}"
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 60


# ---- a fault in the code turns verdicts ----------------------------------------------------------


def forget():
    """Clear every cached run of the experiments."""
    for name, module in list(sys.modules.items()):
        if name.startswith("experiments"):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


@pytest.fixture
def no_memory():
    """No run from before a fault is used again, and none with it afterwards."""
    forget()
    yield
    forget()


def holds(claim):
    """Whether it replicates; a measurement that finds nothing to measure does not."""
    try:
        return claim.measure().verdict == claims.REPLICATES
    except TypeError:
        return False


def wrong_sign(self, w, g, state, oracle, plan=Csawg._plan):
    return plan(self, w, g, state._replace(sum_1=-state.sum_1), oracle)


def other_pairing(self, w, g, state, remember=Csawg._remember):
    state = remember(self, w, g, state)
    *older, (w_s, _) = state.updates
    return state._replace(updates=(*older, (w_s, None)))


def short_of_one_sample(self, w, g, state, remember=Csawg._remember):
    kept, state = state.sum_2, remember(self, w, g, state)
    return state._replace(sum_2=kept) if state.k % self.window == 0 else state


FAULTS = {
    "sign": ("_plan", wrong_sign, {"yao-fig7a-k10", "yao-fig7a-k2", "yao-fig5a-k5"}),
    "pairing": ("_remember", other_pairing, {"yao-fig5a-k5", "yao-fig5a-k10"}),
    "sample": ("_remember", short_of_one_sample, {"yao-fig7a-k10", "yao-fig7a-k2"}),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # what diverges may overflow
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_in_csawg_turns_verdicts(fault, no_memory, monkeypatch):
    name, code, ids = FAULTS[fault]
    watched = [c for c in CLAIMS if c.id in ids]
    assert all(map(holds, watched))
    forget()
    monkeypatch.setattr(Csawg, name, code)
    assert [c.id for c in watched if holds(c)] == []
