"""Pages lead where they say: every link to a file that is there, the site's nav to every page."""

import pytest
import yaml

from documents import site_pages

ROOT = site_pages.ROOT
DOCS = [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))]


def nav(entries) -> list[str]:
    """The pages of the site's nav, section by section."""
    if isinstance(entries, str):
        return [entries]
    inner = entries.values() if isinstance(entries, dict) else entries
    return [page for entry in inner for page in nav(entry)]


@pytest.mark.parametrize("page", [*site_pages.PAGES, *DOCS])
def test_every_relative_link_leads_to_a_file(page):
    targets = site_pages.linked((ROOT / page).read_text(encoding="utf-8"), page)
    assert [path for path in targets if not (ROOT / path).exists()] == []


def test_the_site_s_nav_holds_every_page_once():
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    pages = [*site_pages.PAGES.values(), *(page.removeprefix("docs/") for page in DOCS)]
    assert sorted(nav(settings["nav"])) == sorted(pages)


def test_links_are_those_of_the_text_alone():
    page = "[a](b.md#part) ![c\nd](../x/e.png) [f](https://g.h) [i](#j)\n```\n[k](l.md)\n```\n[m](n.md)\n"
    assert site_pages.linked(page, "docs/p.md") == ["docs/b.md", "x/e.png", "docs/n.md"]


@pytest.mark.parametrize(
    ("target", "led"),
    [
        ("tables.md#tables", "[w](tables.md#tables)"),
        ("../config/README.md", "[w](settings.md)"),
        ("../CITATION.cff", "[w](repository/CITATION.cff.md)"),
        ("../workflow/rules", "w"),
        ("https://arxiv.org", "[w](https://arxiv.org)"),
    ],
)
def test_links_of_the_site_lead_to_where_files_stand_in_it(target, led):
    class Page:
        class file:
            src_uri = "engines.md"

    assert site_pages.on_page_markdown(f"[w]({target})", Page, None, None) == led
