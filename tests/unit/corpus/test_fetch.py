"""Shards are named before they are here, and come whole or not at all, whatever the server does."""

import gzip
import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.fetch import FetchError, fetch, find
from tracemem.corpus.reading import documents
from tracemem.corpus.shards import Shard
from tracemem.settings.corpus import FetchSettings, expand

DATA = gzip.compress(b"".join(b'{"text": "document %d"}\n' % k for k in range(200_000)), mtime=0)


def test_a_range_is_as_wide_as_its_first_number():
    assert expand("train/{08..11}.zst") == [f"train/{k}.zst" for k in ("08", "09", "10", "11")]
    assert expand("{0..1}-{9..10}") == ["0-9", "0-10", "1-9", "1-10"]
    assert expand("one.jsonl") == ["one.jsonl"]
    assert expand("{0007..0007}") == ["0007"]


@pytest.mark.parametrize("pattern", ["{a..b}", "{1,2}", "x{1..2", "}", "{3..1}"])
def test_other_braces_are_refused(pattern):
    with pytest.raises(ValueError, match="allowed"):
        expand(pattern)


def names(**sources) -> dict[str, dict]:
    found = find({key: FetchSettings(**given) for key, given in sources.items()})
    assert [remote.name for remote in found] == sorted(remote.name for remote in found)
    return {remote.file: remote.source for remote in found}


def test_shards_of_the_hub_are_named_after_their_files():
    found = names(pile={"hub": "a/b", "revision": "c", "files": "train/{00..29}.jsonl.zst"})
    assert list(found) == [f"{k:02d}.jsonl.zst" for k in range(30)]
    assert found["07.jsonl.zst"] == {"hub": "a/b", "revision": "c", "file": "train/07.jsonl.zst"}


def test_shards_that_share_a_name_are_named_after_their_folders_too(tmp_path):
    listed = tmp_path / "urls.txt"
    listed.write_text(
        "# two\nhttps://host/x/0.json.gz\n\n  https://host/y/0.json.gz?download=true\n"
    )
    found = names(
        one={"urls": [str(listed), "https://host/only.parquet"]},
        two={"hub": "a/b", "files": ["x/0.jsonl", "c d.json"]},
    )
    # x/0 stands in both sources, so that only what lies above x tells the two apart.
    assert set(found) == {
        "host-x-0.json.gz",
        "y-0.json.gz",
        "only.parquet",
        "two-x-0.jsonl",
        "c-d.json",
    }
    assert found["y-0.json.gz"] == {"url": "https://host/y/0.json.gz?download=true"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"urls": "http://host/{0..3}.txt"}, r"fetch\.a\.urls: found 'http://host/0\.txt'; allowed e"),
        ({"urls": "ftp://host/a.jsonl"}, r"found 'ftp://host/a\.jsonl'; allowed: http://, https://"),
        ({"urls": ["http://h/a.jsonl", "http://h/a.jsonl"]}, r"'http://h/a\.jsonl' twice"),
        ({"urls": "absent.txt"}, r"fetch\.a\.urls: found 'absent\.txt', which cannot be read"),
        ({"hub": "b/c", "files": "a.csv"}, r"fetch\.a\.files: found 'hub b/c/a\.csv'; allowed endin"),
    ],
)  # fmt: skip
def test_an_address_that_is_no_shard_is_refused(given, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match=said):
        names(a=given)


def test_a_list_of_urls_is_refused_by_line(tmp_path):
    listed = tmp_path / "urls.txt"
    listed.write_text("http://host/a.jsonl\nb.jsonl\n")
    with pytest.raises(CorpusError, match=r"urls\.txt:2: found 'b\.jsonl'; allowed: http"):
        names(a={"urls": str(listed)})
    listed.write_text("# nothing\n")
    with pytest.raises(CorpusError, match=r"urls\.txt: no URL"):
        names(a={"urls": str(listed)})


class Server:
    """A local server of DATA that can ignore ranges, break off, wait, lack a version or refuse."""

    def __init__(self):
        self.ranges = self.sized = True
        self.version = '"one"'
        self.data = DATA
        self.stop_after = None
        self.pause = 0.0
        self.packed = ""
        self.asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler):
                self.answer(handler)

            def log_message(handler, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/data/a.json.gz"

    def answer(self, handler):
        self.asked.append(dict(handler.headers))
        if "absent" in handler.path:
            handler.send_error(404)
            return
        first = 0
        wanted = handler.headers.get("Range")
        same = self.version and handler.headers.get("If-Range") == self.version
        if wanted and self.ranges and same:
            first = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if first >= len(self.data):
                handler.send_response(416)
                handler.send_header("Content-Range", f"bytes */{len(self.data)}")
                handler.end_headers()
                return
            handler.send_response(206)
            last = len(self.data) - 1
            handler.send_header("Content-Range", f"bytes {first}-{last}/{last + 1}")
        else:
            handler.send_response(200)
        if self.version:
            handler.send_header("ETag", self.version)
        if self.packed:
            handler.send_header("Content-Encoding", self.packed)
        body = self.data[first:]
        if self.sized:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.stop_after is not None:
            body = body[: self.stop_after]
        step = 50_000
        try:
            for start in range(0, len(body), step):
                handler.wfile.write(body[start : start + step])
                time.sleep(self.pause)
        except OSError:
            pass


@pytest.fixture
def server():
    running = Server()
    yield running
    running.server.shutdown()
    running.server.server_close()


def left(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_a_download_is_the_same_bytes_and_leaves_nothing_else(server, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    target = tmp_path / "new" / "a.json.gz"
    fetch({"url": server.url}, target)
    assert target.read_bytes() == DATA
    assert left(target) == ["a.json.gz"]
    size = f"{len(DATA) / 1e6:.1f}"
    assert f"fetch {server.url}: {size} of {size} MB at rest in " in caplog.text
    assert server.asked[0]["Accept-Encoding"] == "identity"
    read = list(documents(Shard("a", target)))
    assert len(read) == 200_000 and read[-1] == (200_000, "document 199999")


def test_a_file_url_is_copied(tmp_path):
    (tmp_path / "from.jsonl").write_bytes(b'{"text": "a"}\n')
    fetch({"url": (tmp_path / "from.jsonl").as_uri()}, tmp_path / "to.jsonl")
    assert (tmp_path / "to.jsonl").read_bytes() == b'{"text": "a"}\n'
    with pytest.raises(FetchError, match=r"absent\.jsonl: .*No such file"):
        fetch({"url": (tmp_path / "absent.jsonl").as_uri()}, tmp_path / "to2.jsonl")


def test_a_broken_answer_is_an_error_and_the_next_try_goes_on(server, tmp_path):
    target = tmp_path / "a.json.gz"
    server.stop_after = 123_456
    with pytest.raises(FetchError, match=f"broke off after 123456 of {len(DATA)} bytes"):
        fetch({"url": server.url}, target)
    assert not target.exists()
    server.stop_after = None
    fetch({"url": server.url}, target)
    assert server.asked[1]["Range"] == "bytes=123456-"
    assert target.read_bytes() == DATA
    assert left(target) == ["a.json.gz"]


def test_a_killed_download_goes_on_to_the_same_bytes(server, tmp_path):
    target = tmp_path / "a.json.gz"
    code = "import sys; from tracemem.corpus.fetch import fetch; fetch({'url': sys.argv[1]}, sys.argv[2])"
    server.pause = 0.05
    running = subprocess.Popen(
        [sys.executable, "-c", code, server.url, str(target)],
    )
    part = tmp_path / ".a.json.gz.part"
    until = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size) and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    have = part.stat().st_size
    assert 0 < have < len(DATA) and not target.exists()
    server.pause = 0.0
    fetch({"url": server.url}, target)
    assert server.asked[-1]["Range"] == f"bytes={have}-"
    assert target.read_bytes() == DATA
    assert left(target) == ["a.json.gz"]


@pytest.mark.parametrize("change", ["ignores", "other", "unversioned"])
def test_what_cannot_be_gone_on_with_is_sent_whole_again(server, tmp_path, change):
    target = tmp_path / "a.json.gz"
    server.stop_after = 100_000
    server.version = "" if change == "unversioned" else '"one"'
    with pytest.raises(FetchError, match="broke off"):
        fetch({"url": server.url}, target)
    server.stop_after = None
    server.ranges = change != "ignores"
    if change == "other":
        server.version, server.data = '"two"', DATA[::-1]
    fetch({"url": server.url}, target)
    assert ("Range" in server.asked[1]) == (change != "unversioned")
    assert target.read_bytes() == server.data


def test_all_was_there_when_the_last_try_was_killed(server, tmp_path):
    target = tmp_path / "a.json.gz"
    (tmp_path / ".a.json.gz.part").write_bytes(DATA)
    note = json.dumps({"url": server.url, "version": '"one"'})
    (tmp_path / ".a.json.gz.note").write_text(note)
    fetch({"url": server.url}, target)
    assert target.read_bytes() == DATA and len(server.asked) == 1


def test_more_than_all_is_thrown_away(server, tmp_path):
    target = tmp_path / "a.json.gz"
    (tmp_path / ".a.json.gz.part").write_bytes(DATA + b"more")
    note = json.dumps({"url": server.url, "version": '"one"'})
    (tmp_path / ".a.json.gz.note").write_text(note)
    fetch({"url": server.url}, target)
    assert target.read_bytes() == DATA and len(server.asked) == 2


def test_what_another_url_left_is_not_used(server, tmp_path):
    target = tmp_path / "a.json.gz"
    (tmp_path / ".a.json.gz.part").write_bytes(b"x" * 1000)
    (tmp_path / ".a.json.gz.note").write_text(json.dumps({"url": "other", "version": '"one"'}))
    fetch({"url": server.url}, target)
    assert target.read_bytes() == DATA


def test_an_answer_without_length_is_taken_to_its_end(server, tmp_path):
    server.sized = False
    fetch({"url": server.url}, tmp_path / "a.json.gz")
    assert (tmp_path / "a.json.gz").read_bytes() == DATA


def test_a_refusal_names_url_and_status(server, tmp_path):
    url = server.url.replace("a.json", "absent.json")
    with pytest.raises(FetchError, match=rf"^{url}: HTTP status 404 \(Not Found\)$"):
        fetch({"url": url}, tmp_path / "a.json.gz")
    server.packed = "gzip"
    with pytest.raises(FetchError, match=r"the server packs the file \(gzip\)"):
        fetch({"url": server.url}, tmp_path / "a.json.gz")
    assert left(tmp_path / "a.json.gz") == []


def test_no_server_is_an_error_that_names_the_url(tmp_path):
    with pytest.raises(FetchError, match=r"^http://127\.0\.0\.1:9/a\.jsonl: .*refused"):
        fetch({"url": "http://127.0.0.1:9/a.jsonl"}, tmp_path / "a.jsonl")


COMMIT = "3be90335b66f24456a5d6659d9c8d208c0357119"
HUB = """
import logging, sys
from tracemem.corpus.fetch import fetch
logging.basicConfig(level=logging.INFO)
fetch({"hub": "owner/name", "revision": sys.argv[1], "file": "train/00.json.gz"}, sys.argv[2])
"""


def from_hub(revision: str, target: Path, **env) -> subprocess.CompletedProcess:
    """A download in a process of its own: the package reads its settings as it is imported."""
    return subprocess.run(
        [sys.executable, "-c", HUB, revision, str(target)],
        capture_output=True, text=True,
        env={**os.environ, "HF_HUB_DISABLE_XET": "1", **env},
    )  # fmt: skip


def test_a_file_in_the_hubs_cache_is_taken_offline(tmp_path):
    folder = tmp_path / "home" / "hub" / "datasets--owner--name"
    kept = folder / "snapshots" / COMMIT / "train" / "00.json.gz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(DATA)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    env = {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    for revision in (COMMIT, ""):
        target = tmp_path / "fetched" / f"{revision or 'main'}.json.gz"
        done = from_hub(revision, target, **env)
        assert done.returncode == 0, done.stderr
        assert target.read_bytes() == DATA and not target.is_symlink()
    assert len(left(target)) == 2
    done = from_hub("0" * 40, tmp_path / "other.json.gz", **env)
    assert f"FetchError: hub owner/name/train/00.json.gz at {'0' * 40}: " in done.stderr
    assert not (tmp_path / "other.json.gz").exists()


class Hub(Server):
    """What of the hub a download needs: the file's headers, and the file."""

    def __init__(self):
        super().__init__()
        self.version = f'"{hashlib.sha256(DATA).hexdigest()}"'
        self.server.RequestHandlerClass.do_HEAD = lambda handler: self.head(handler)

    def head(self, handler):
        if "/resolve/" not in handler.path or "absent" in handler.path:
            handler.send_response(404)
            handler.send_header("X-Error-Code", "EntryNotFound")
            handler.end_headers()
            return
        handler.send_response(200)
        handler.send_header("X-Repo-Commit", COMMIT)
        handler.send_header("ETag", self.version)
        handler.send_header("Content-Length", str(len(self.data)))
        handler.end_headers()


def test_a_file_of_the_hub_is_downloaded_to_its_place(tmp_path):
    hub = Hub()
    env = {
        "HF_ENDPOINT": hub.url.removesuffix("/data/a.json.gz"),
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_OFFLINE": "0",
    }
    target = tmp_path / "fetched" / "00.json.gz"
    done = from_hub(COMMIT, target, **env)
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == DATA
    assert left(target) == ["00.json.gz"]
    assert (
        f"fetch hub owner/name/train/00.json.gz at {COMMIT}: {len(DATA) / 1e6:.1f}" in done.stderr
    )
    # Nothing of the corpus is kept twice.
    assert not list((tmp_path / "home").rglob("*.gz"))
    hub.server.shutdown()
    hub.server.server_close()
