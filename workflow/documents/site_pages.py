"""Hooks of MkDocs: the pages and files of the site that do not stand in docs/ (``make site``).

MkDocs reads docs/ alone, while its pages link to whatever they name in the repository, as a code
host follows it. So the README, the settings and the changelog become pages of the site, and a file
that a page links to comes along: a picture as it is, any other as a page that shows its text. A
folder has no page: of a link to one the words are left.
"""

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"README.md": "index.md", "config/README.md": "settings.md", "CHANGELOG.md": "changelog.md"}
_OUTSIDE = "repository"
_PICTURES = {".png", ".svg", ".pdf"}
_LANGUAGES = {".py": "python", ".smk": "python", ".yaml": "yaml", ".cff": "yaml", ".json": "json"}
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def relinked(page: str, link: Callable[[re.Match], str]) -> str:
    """``page`` with every Markdown link outside of its blocks of code as ``link`` makes it."""
    parts = _FENCED.split(page)
    parts[::2] = [_LINK.sub(link, part) for part in parts[::2]]
    return "".join(parts)


def linked(page: str, source: str) -> list[str]:
    """What the page at ``source`` links to in the repository, as paths from its root."""
    found = []

    def keep(link: re.Match) -> str:
        if path := _path(link[3], source):
            found.append(path)
        return link[0]

    relinked(page, keep)
    return found


def _path(target: str, source: str) -> str:
    """Where a link of the page at ``source`` leads in the repository; '' if not to a path there."""
    path = target.partition("#")[0]
    if not path or re.match(r"[a-z]+:", path):
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), path))


def _source(page: str) -> str:
    """The file in the repository that a page of the site is made from; '' if it only shows one."""
    sources = {page: source for source, page in PAGES.items()}
    return sources.get(page) or ("" if page.startswith(_OUTSIDE) else f"docs/{page}")


def _place(path: str) -> str:
    """Where a file of the repository stands among the sources of the site."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    shown = path if Path(path).suffix in _PICTURES else f"{path}.md"
    return PAGES.get(path) or f"{_OUTSIDE}/{shown}"


def _shown(path: str) -> str:
    """A page that shows the text of a file."""
    text = (ROOT / path).read_text(encoding="utf-8").rstrip("\n")
    language = _LANGUAGES.get(Path(path).suffix, "text")
    return f"---\nsearch: {{exclude: true}}\n---\n\n# `{path}`\n\n````{language}\n{text}\n````\n"


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the pages made from files outside of docs/, and all that any page links to."""
    from mkdocs.structure.files import File, InclusionLevel

    for path, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
    for page in list(files.documentation_pages()):
        for path in linked(page.content_string, _source(page.src_uri)):
            place = _place(path)
            if not (ROOT / path).is_file() or place in files.src_uris:
                continue
            if place.endswith(".md"):
                file = File.generated(
                    config, place, content=_shown(path), inclusion=InclusionLevel.NOT_IN_NAV
                )
            else:
                file = File.generated(config, place, abs_src_path=str(ROOT / path))
            files.append(file)
    return files


def on_page_markdown(markdown: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Lead the links of a page to where their targets stand in the site."""
    here = page.file.src_uri
    source = _source(here)

    def link(found: re.Match) -> str:
        picture, words, target = found.groups()
        path = _path(target, source)
        if not path:
            return found[0]
        if (ROOT / path).is_dir():
            return words
        _, mark, anchor = target.partition("#")
        place = posixpath.relpath(_place(path), posixpath.dirname(here) or ".")
        return f"{picture}[{words}]({place}{mark}{anchor})"

    return relinked(markdown, link) if source else markdown
