"""The config of a first study, drafted from its files: corpus, tasks and models.

Everything that is wrong with the files is found before anything is said of it, and a draft with
something wrong in it is no config.
"""

import glob
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracemem.corpus import text_field
from tracemem.corpus.bad_records import CorpusError
from tracemem.corpus.formats import ending_of
from tracemem.corpus.reading import documents
from tracemem.corpus.shards import find_shards
from tracemem.models import checkpoint
from tracemem.settings import study as settings
from tracemem.settings.study import Settings
from tracemem.settings.tasks import TaskSettings
from tracemem.study import preflight
from tracemem.tasks.guess import Guess, guess
from tracemem.tasks.records import TaskError

_FOLDED = 8  # shards, above which a glob stands for them
_HUB_SECONDS = 4.0
_LONG_ANSWERS = 128  # tokens generated at most where answers are passages
# Keys of a task, in the order of the file.
_KEYS = (
    "kind", "format", "test", "fields", "languages", "groups", "n", "output_gram", "metrics",
    "max_new_tokens",
)  # fmt: skip
# Names of files that say nothing of the task: the folder's is taken.
_SPLITS = {"test", "train", "dev", "val", "valid", "validation", "data"}


@dataclass
class Draft:
    """A config on its way.

    Attributes:
        config: title, results, corpus, tasks and models, as plain values.
        said: of each task by name, how many examples it has and what was guessed from them.
        sizes: of each model by name, its parameters and where the number comes from.
        unsized: names of the models whose parameters nobody here knows.
        wrong: what is wrong with the files.
    """

    config: dict[str, Any]
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sizes: dict[str, str] = field(default_factory=dict)
    unsized: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def draft(
    name: str,
    shards: Sequence[str],
    tasks: Sequence[str],
    models: Sequence[str],
    texts_in: str | None = None,
) -> tuple[Draft, Settings]:
    """A config from the names of its files, and the settings it stands for.

    Args:
        name: title of the study; its results lie in a folder of that name.
        shards: files, folders and globs of the corpus.
        tasks: files of tasks.
        models: folders and hub names.
        texts_in: field of a document's text, where it is known.

    Raises:
        ValueError: a file is not there, cannot be read or leaves open what it holds; each has its
            line.
    """
    made = Draft(settings.named({}, name))
    _add_corpus(made, list(dict.fromkeys(shards)), texts_in)
    _add_tasks(made, list(dict.fromkeys(tasks)))
    _add_models(made, list(dict.fromkeys(models)))
    if made.wrong:
        raise ValueError("\n  ".join(["nothing is written:", *made.wrong]))
    # Models whose size nobody knows yet are not to hide what else is wrong.
    sized = {
        model: {"parameters": 1, **keys} if model in made.unsized else keys
        for model, keys in made.config.get("models", {}).items()
    }
    study, _ = preflight.complete({**made.config, "models": sized}, name)
    problems = preflight.problems(study)
    if problems:
        raise ValueError("\n  ".join(["nothing is written:", *problems]))
    return made, study


def _add_corpus(made: Draft, patterns: list[str], texts_in: str | None) -> None:
    found: dict[str, str | list[str]] = {"shards": patterns}
    made.config["corpus"] = found
    try:
        shards = find_shards(patterns)
        fields = [texts_in] if texts_in else filter(None, map(text_field.guess, shards))
        if named := next(iter(fields), None):
            found["text_field"] = named
        # The first document as the study will read it.
        next(documents(shards[0], named or "text"), None)
    except CorpusError as wrong:
        made.wrong.append(str(wrong))
    else:
        found["shards"] = _folded(patterns)


def _folded(paths: list[str]) -> list[str]:
    """A glob in place of many shards, as a shell puts them, where it stands for the same ones."""
    ending = ending_of(paths[0])
    pattern = str(Path(glob.escape(str(Path(paths[0]).parent)), f"*{ending}"))
    if len(paths) <= _FOLDED or not ending or sorted(glob.glob(pattern)) != sorted(paths):
        return paths
    return [pattern]


def _add_tasks(made: Draft, paths: list[str]) -> None:
    guesses: list[Guess] = []
    for path in paths:
        if any(_is_part(path, found) for found in guesses):
            continue  # the other language of parallel text, another subject
        try:
            guesses.append(guess(path, examples=None))
        except TaskError as wrong:
            made.wrong.append(f"--task {wrong}")
    made.config["tasks"] = {}
    for name, found in zip(names([_task_parts(each) for each in guesses]), guesses, strict=True):
        given = {**found.settings(), "test": found.test, "n": found.n}
        if given.get("metrics") == ["bleu"]:
            given["max_new_tokens"] = _LONG_ANSWERS
        made.config["tasks"][name] = {key: given[key] for key in _KEYS if key in given}
        many = f"{len(found.sample):,} example{'s' * (len(found.sample) != 1)}"
        made.said[name] = (f"{many}; what follows is guessed", *found.said)
        made.wrong += _without_number(found)


def _is_part(path: str, found: Guess) -> bool:
    task = TaskSettings.model_validate({**found.settings(), "test": found.test, "gamma": 0.0})
    return path != found.test and path in task.files("test")


def _without_number(found: Guess) -> Iterator[str]:
    """The example of a task of reasoning whose answer has no number to be compared."""
    if found.kind == "reasoning":
        from tracemem.scoring.metrics import final_answer

        for example in found.sample:
            if final_answer(example.target) is None:
                yield f"{example.place}: no number in the answer {example.target[-60:]!r}"
                return


def _task_parts(found: Guess) -> tuple[str, ...]:
    """What a task may be called after, the last part first of all."""
    if found.format == "mmlu" and "{subject}" in found.test:
        return ("mmlu",)
    path = Path(found.test)
    stem = re.sub(r"\{\w+\}", "", path.name)
    stem = re.sub(r"\.(jsonl|json|parquet|sgm|sgml|txt|gz|zst)\b", "", stem).strip("._- ")
    if stem.lower() in _SPLITS or not stem:
        stem = path.absolute().parent.name
    stem = re.sub(r"[._-](test|dev|val|validation)$", "", stem)
    if "{language}" in found.test and "-".join(found.languages) not in stem:
        stem = "-".join((stem, *found.languages))
    return (*path.absolute().parts[:-1], stem)


def names(places: Sequence[Sequence[str]]) -> list[str]:
    """A name for each place, by its last part or two: letters, digits and ``._-``, all different.

    Args:
        places: the parts of each place, outermost first.
    """
    last = [_plain(parts[-1]) for parts in places]
    found: list[str] = []
    for name, parts in zip(last, places, strict=True):
        name = name if last.count(name) == 1 else _plain("-".join(parts[-2:]))
        numbered = (f"{name}-{number}" for number in itertools.count(2))
        found.append(next(each for each in itertools.chain([name], numbered) if each not in found))
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("._-") or "unnamed"


def _add_models(made: Draft, paths: list[str]) -> None:
    models: dict[str, dict[str, Any]] = {}
    contexts: list[int] = []
    for name, path in zip(names([_model_parts(path) for path in paths]), paths, strict=True):
        models[name] = {"path": path}
        if why := checkpoint.unusable(path, bare=False):
            made.wrong.append(f"--model {why}")
            continue
        try:
            contexts += filter(None, [checkpoint.context_length(path)])
            counted = checkpoint.parameters(path)
            on_hub = None if counted or checkpoint.is_local(path) else _parameters_on_hub(path)
        except ValueError as wrong:
            made.wrong.append(f"--model {path}: {wrong}")
            continue
        if counted:
            made.sizes[name] = f"{counted:,} parameters, counted from its files"
        elif on_hub:
            models[name]["parameters"] = on_hub
            made.sizes[name] = f"{on_hub:,} parameters, as the hub says"
        elif on_hub is not None:
            made.unsized.append(name)
    if models:
        made.config["models"] = models
    for task in made.config["tasks"].values():
        if "max_new_tokens" in task:
            task["max_new_tokens"] = min([_LONG_ANSWERS, *(context // 2 for context in contexts)])


def _model_parts(path: str) -> tuple[str, ...]:
    folder = Path(path).expanduser()
    return folder.resolve().parts if folder.is_dir() else tuple(path.rstrip("/").split("/"))


def _parameters_on_hub(name: str) -> int:
    """Parameters as the hub has read them off the weights; 0 where it does not know or answer.

    Raises:
        ValueError: the hub says that it has no such model.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    try:
        found = HfApi().model_info(name, expand=["safetensors"], timeout=_HUB_SECONDS)
    except (HFValidationError, RepositoryNotFoundError):
        raise ValueError(
            f"neither a folder nor open to you on the hub; {checkpoint.ALLOWED}"
        ) from None
    except Exception:  # no network, no time: the number is left to the user
        return 0
    return found.safetensors.total if found.safetensors else 0
