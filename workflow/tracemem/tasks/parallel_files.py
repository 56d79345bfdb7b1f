"""Parallel text on disk: the files that belong to one another by the languages in their names."""

import glob
import re
from itertools import combinations
from pathlib import Path

from tracemem.settings.languages import LANGUAGES
from tracemem.settings.tasks import TaskSettings
from tracemem.tasks.guesses import Guess, translates
from tracemem.tasks.records import TaskError

PLACEHOLDER = re.compile(r"\{(language|side|pair|sorted_pair)\}")


def of_place(place: str, source: str = "", target: str = "") -> Guess:
    """The guess for a place with ``{language}``; ``source`` or ``target`` where one is known.

    Raises:
        TaskError: there are no two such files, or those of several directions.
    """
    found = _directions(place, source, target)
    into_english = [pair for pair in found if pair[1] == "en"]
    if not found:
        raise TaskError(f"{place}: no two files of it whose languages are known; set languages")
    is_one = len(set(map(frozenset, found))) == 1
    if not is_one and not ((source or target) and len(into_english) == 1):
        several = ", ".join(sorted({language for pair in found for language in pair}))
        raise TaskError(
            f"{place}: files of more than two languages, {several}; set languages, the input's and "
            f"the target's, or directions, such as [{'-'.join((into_english or found)[0])}]"
        )
    languages = (into_english or found)[0]
    return Guess(
        format="parallel-text",
        kind="translation",
        test=place,
        languages=languages,
        said=(
            "format is parallel-text: one file a language, aligned line by line",
            translates(languages, "the files' names say"),
        ),
    )


def of_file(path: str) -> Guess:
    """The guess for one of the files: its language is that of the input, unless it is the ref.

    Raises:
        TaskError: no other file belongs to it.
    """
    if not Path(path).exists():
        raise TaskError(f"{path}: no such file or folder")
    name = Path(path).name
    for mark in reversed(list(re.finditer(r"(?<![A-Za-z])[a-z]{2}(?![A-Za-z])", name))):
        place = f"{name[: mark.start()]}{{language}}{name[mark.end() :]}"
        sides = re.sub(r"(?<![A-Za-z])(src|ref)(?![A-Za-z])", "{side}", place, count=1)
        is_target = sides != place and re.search(r"(?<![A-Za-z])ref(?![A-Za-z])", name)
        known = {"target" if is_target else "source": mark[0]}
        for each in dict.fromkeys((sides, place)):
            whole = str(Path(path).with_name(each))
            if mark[0] in LANGUAGES and _directions(whole, **known):
                return of_place(whole, **known)
    raise TaskError(
        f"{path}: not a kind of task file; allowed: .jsonl, .jsonl.gz, .jsonl.zst, .parquet, a "
        "folder of a data set, TriviaQA's .json, MMLU's .csv, or parallel text in two files whose "
        "names differ in the language's code, such as news.de and news.en"
    )


def _directions(place: str, source: str = "", target: str = "") -> list[tuple[str, str]]:
    """Pairs of languages that both files are there of, the input's language first."""
    parts = PLACEHOLDER.split(place)
    wild = "".join("*" if i % 2 else glob.escape(part) for i, part in enumerate(parts))
    patterns = {"language": "([a-z]{2})", "side": "(?:src|ref)"}
    pattern = "".join(
        patterns.get(part, "[a-z]{2}-[a-z]{2}") if i % 2 else re.escape(part)
        for i, part in enumerate(parts)
    )
    marks = (re.fullmatch(pattern, name) for name in glob.glob(wild))
    codes = sorted({code for mark in marks if mark for code in mark.groups()} & LANGUAGES.keys())
    return [
        pair
        for one in combinations(codes, 2)
        for pair in (one, one[::-1])
        if source in ("", pair[0]) and target in ("", pair[1]) and _are_there(place, pair)
    ]


def _are_there(place: str, languages: tuple[str, str]) -> bool:
    task = TaskSettings.model_validate(
        {"format": "parallel-text", "test": place, "languages": languages, "n": 1, "gamma": 0.0}
    )
    return all(Path(path).exists() for path in task.files("test"))
