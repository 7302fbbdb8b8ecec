"""What the book says of itself: its version, a card for shared links, where the sources are."""

import importlib.util
import re
import tomllib
from types import SimpleNamespace

import pytest
import yaml
from docutils import nodes
from toc import ROOT, toc_pages

import stepsize

spec = importlib.util.spec_from_file_location("sharing", ROOT / "book" / "_ext" / "sharing.py")
sharing = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sharing)


def test_one_version_everywhere():
    version = stepsize.__version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"] and "version" not in project["project"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == version and cited["license"] == project["project"]["license"]
    changes = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert changes[0] == version


# ---- what a shared link shows, and where the sources are ----------------------------------------


def described(monkeypatch, **environment):
    for name in ("STEPSIZE_REPOSITORY", "STEPSIZE_SITE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    section = nodes.section(
        "",
        nodes.title("", 'Plan "again"'),
        nodes.paragraph("", "The first line & no more."),
        nodes.paragraph("", "Another."),
    )
    document, context = nodes.document(None, None, "", section), {}
    sharing.describe(None, "book/again", "page.html", context, document)
    config = SimpleNamespace(html_theme_options={})
    sharing.buttons(None, config)
    return dict(re.findall(r'="(?:og:)?(\w+)" content="([^"]*)"', context["metatags"])), config


def test_a_card_is_relative_where_no_address_is_told(monkeypatch):
    card, config = described(monkeypatch)
    assert card["description"] == "The first line &amp; no more."
    assert card["title"] == "Plan &quot;again&quot;"
    assert card["image"] == "../_static/headline.png" and "url" not in card
    assert config.html_theme_options == {}


def test_a_card_is_absolute_where_the_address_is_told(monkeypatch):
    site, repository = "https://example.org/book/", "https://github.com/owner/name"
    card, config = described(monkeypatch, STEPSIZE_SITE=site, STEPSIZE_REPOSITORY=repository)
    assert card["image"] == "https://example.org/book/_static/headline.png"
    assert card["url"] == "https://example.org/book/book/again.html"
    assert config.html_theme_options == {
        "repository_url": repository,
        "use_repository_button": True,
        "use_issues_button": True,
    }


def test_a_host_that_the_theme_does_not_know_gets_none_of_its_buttons(monkeypatch):
    _, config = described(monkeypatch, STEPSIZE_REPOSITORY="https://example.org/code")
    assert config.html_theme_options == {}


@pytest.mark.parametrize("told", ["", "https://example.org/code/"])
def test_a_report_is_a_link_where_the_repository_is_told(monkeypatch, told):
    monkeypatch.setenv("STEPSIZE_REPOSITORY", told)
    role = sharing.Report()
    role.text = "say"
    ((node,), _) = role.run()
    assert node.astext() == "say"
    assert node.get("refuri") == ("https://example.org/code/issues/new" if told else None)


@pytest.mark.parametrize("name", ["index", *toc_pages()])
def test_pages_have_their_own_description(name):
    page = ROOT / "_build" / "html" / f"{name}.html"
    if not page.is_file():
        pytest.skip("the book is not built")
    head = page.read_text(encoding="utf-8").partition("</head>")[0]
    assert re.search(r'<meta name="description" content="[^"]{20,}"', head)
    assert head.count('property="og:image"') == 1
