"""Corpus shards that are not here yet: which ones a study names, and how one is downloaded.

A download is whole or not at all. What came before a kill stays beside it, hidden, and the next try
goes on from there: by HTTP Range, and only while the server says that the file is still the same
(RFC 9110, If-Range); a server that cannot say, or that ignores Range, sends the whole again. There
are no tries here beyond the first: who starts the job decides how often.
"""

import http.client
import json
import logging
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.formats import ENDINGS, ending_of
from tracemem.corpus.shards import distinct_names
from tracemem.jobs.files import replacing
from tracemem.jobs.progress import Progress
from tracemem.settings.corpus import FetchSettings, expand

logger = logging.getLogger(__name__)

SCHEMES = ("http", "https", "file")
_BLOCK = 1 << 17
_TIMEOUT = 60.0  # seconds without a byte
# Some servers refuse Python's own name, or pack an answer again that is packed already.
_HEADERS = {"User-Agent": "tracemem", "Accept-Encoding": "identity"}


class FetchError(RuntimeError):
    """A shard cannot be downloaded; the message names its address and what came instead."""


@dataclass(frozen=True)
class Remote:
    """One shard to download.

    Attributes:
        name: of the shard, as in :class:`tracemem.corpus.shards.Shard`.
        file: name of its file here: the shard's and the ending.
        source: ``{"url": ...}``, or ``{"hub": ..., "revision": ..., "file": ...}``.
    """

    name: str
    file: str
    source: dict[str, str]


def find(named: Mapping[str, FetchSettings]) -> list[Remote]:
    """Every shard that the settings name, sorted by name; nothing is downloaded to know.

    Names are made as those of local shards (:func:`tracemem.corpus.shards.find_shards`); the
    key of the settings is the outermost folder.

    Raises:
        CorpusError: a text file of URLs cannot be read, an address is no URL, has the ending
            of no shard or comes twice.
    """
    places: dict[str, tuple[str, ...]] = {}
    sources, endings = {}, {}
    for key, settings in named.items():
        for place, address, source, path in _sources(key, settings):
            parts = PurePosixPath(path).parts
            ending = ending_of(parts[-1]) if parts else ""
            if not ending:
                allowed = ", ".join(ENDINGS)
                raise CorpusError(f"{place}: found {address!r}; allowed endings: {allowed}")
            if address in places:
                raise CorpusError(f"{place}: found {address!r} twice; allowed: once")
            places[address] = (key, *parts[:-1], parts[-1].removesuffix(ending))
            sources[address], endings[address] = source, ending
    found = [
        Remote(name, name + endings[address], sources[address])
        for address, name in distinct_names(places).items()
    ]
    return sorted(found, key=lambda remote: remote.name)


def _sources(key: str, settings: FetchSettings) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """Where an address stands, the address, what :func:`fetch` needs to know of it, its path."""
    if settings.hub:
        for file in (file for pattern in settings.files for file in expand(pattern)):
            source = {"hub": settings.hub, "revision": settings.revision, "file": file}
            yield f"corpus.fetch.{key}.files", _on_hub(**source), source, file
        return
    for pattern in settings.urls:
        place = f"corpus.fetch.{key}.urls"
        if "://" in pattern:
            urls = [(place, url) for url in expand(pattern)]
        else:
            urls = list(_listed(place, pattern))
        for where, url in urls:
            parts = urlsplit(url)
            if parts.scheme not in SCHEMES:
                allowed = ", ".join(f"{scheme}://" for scheme in SCHEMES)
                raise CorpusError(f"{where}: found {url!r}; allowed: {allowed}")
            yield where, url, {"url": url}, f"{parts.netloc}/{unquote(parts.path).lstrip('/')}"


def _on_hub(hub: str, revision: str, file: str) -> str:
    return f"hub {hub}/{file}" + (f" at {revision}" if revision else "")


def _listed(place: str, path: str) -> Iterator[tuple[str, str]]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise CorpusError(
            f"{place}: found {path!r}, which cannot be read ({wrong}); allowed: a URL, or a text "
            "file of one URL a line"
        ) from None
    urls = [(f"{path}:{number}", line.strip()) for number, line in enumerate(lines, 1)]
    urls = [(where, url) for where, url in urls if url and not url.startswith("#")]
    if not urls:
        raise CorpusError(f"{path}: no URL; allowed: one a line")
    yield from urls


def fetch(source: Mapping[str, str], target: Path | str) -> None:
    """Download one shard.

    Args:
        source: as in :class:`Remote`.
        target: file to write.

    Raises:
        FetchError: the address cannot be reached, is refused, or the answer is not whole.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if "url" in source:
        _fetch_url(source["url"], target)
    else:
        _fetch_hub(**source, target=target)


def _fetch_url(url: str, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    note = target.with_name(f".{target.name}.note")
    have, version = _left_over(url, part, note)
    headers = dict(_HEADERS)
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": version}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=_TIMEOUT
        ) as answer:
            total = _take(url, answer, have, part, note)
    except urllib.error.HTTPError as wrong:
        if wrong.code != 416:
            raise FetchError(f"{url}: HTTP status {wrong.code} ({wrong.reason})") from None
        # Nothing is left to send: all had come when the last try was killed, or too much.
        if wrong.headers.get("Content-Range", "").removeprefix("bytes */") != str(have):
            part.unlink()
            return _fetch_url(url, target)
        total = have
    except (OSError, http.client.HTTPException) as wrong:
        reason = getattr(wrong, "reason", None) or wrong or type(wrong).__name__
        raise FetchError(f"{url}: {reason}") from wrong
    size = part.stat().st_size
    if total is not None and size != total:
        raise FetchError(f"{url}: the answer broke off after {size} of {total} bytes")
    os.replace(part, target)
    note.unlink(missing_ok=True)


def _left_over(url: str, part: Path, note: Path) -> tuple[int, str]:
    """Bytes that an earlier try has left, and the version of the file they are of."""
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        if known["url"] == url and known["version"]:
            return part.stat().st_size, known["version"]
    except (OSError, ValueError, KeyError):
        pass
    return 0, ""


def _take(url: str, answer, have: int, part: Path, note: Path) -> int | None:
    """Write an answer behind what is there, or in place of it; bytes of the whole file, if told."""
    headers = answer.headers
    packed = headers.get("Content-Encoding", "identity")
    if packed != "identity":
        raise FetchError(f"{url}: the server packs the file ({packed}); allowed: as it lies there")
    if answer.status == 206:
        range_ = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", headers.get("Content-Range", ""))
        if not range_ or int(range_[1]) != have:
            found = headers.get("Content-Range")
            raise FetchError(f"{url}: asked for bytes from {have}, the answer has {found!r}")
        total: int | None = int(range_[2])
        logger.info("%s: going on after %d bytes", url, have)
    else:
        have = 0
        length = headers.get("Content-Length")
        total = None if length is None else int(length)
    strong = headers.get("ETag", "")
    version = strong if strong.startswith('"') else headers.get("Last-Modified", "")
    progress = Progress(f"fetch {url}", total or 0, documents=False, begin=have)
    with part.open("ab" if have else "wb", buffering=0) as file:
        # Only now: a version must never stand beside what is left of another.
        note.write_text(json.dumps({"url": url, "version": version}), encoding="utf-8")
        while block := answer.read1(_BLOCK):
            file.write(block)
            have += len(block)
            progress.add(have)
    progress.finish()
    return total


def _fetch_hub(hub: str, revision: str, file: str, target: Path) -> None:
    """A file of the hub: the copy in the hub's cache on this machine, else a download beside it."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    name = _on_hub(hub, revision, file)
    asked = {"repo_type": "dataset", "revision": revision or None}
    try:
        cached = hf_hub_download(hub, file, local_files_only=True, **asked)
    except LocalEntryNotFoundError:
        cached = ""
    if cached:
        logger.info("%s: copied from %s", name, cached)
        with replacing(target) as draft:
            shutil.copyfile(cached, draft)
        return
    progress = Progress(f"fetch {name}", 0, documents=False)
    folder = target.with_name(f".{target.name}.hub")
    try:
        found = hf_hub_download(hub, file, local_dir=folder, tqdm_class=_told_to(progress), **asked)
    except Exception as wrong:  # the package raises errors of several libraries
        raise FetchError(f"{name}: {type(wrong).__name__}: {wrong}") from wrong
    os.replace(found, target)
    shutil.rmtree(folder)
    progress.add(target.stat().st_size)
    progress.finish()


def _told_to(progress: Progress) -> type:
    """A progress bar of the hub's package that draws nothing and tells the log instead."""
    from huggingface_hub.utils import tqdm

    class Told(tqdm):
        def __init__(self, *args, **options):
            super().__init__(*args, **{**options, "disable": True})
            progress.total = max(progress.total, options.get("total") or 0)
            progress.begin = progress.position = options.get("initial") or 0

        def update(self, n: float | None = 1) -> None:
            progress.add(progress.position + int(n or 0))

    return Told
