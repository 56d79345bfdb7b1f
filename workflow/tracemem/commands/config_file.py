"""The config of a first study, as a file that says what each key does and which value is used."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from tracemem.commands.first_study import Draft
from tracemem.settings.study import Settings
from tracemem.settings.tasks import TaskSettings

_WIDTH = 100

_HEAD = """\
# A study with tracemem. A key that is left out, or has a # before it, has its default.
# config/README.md of tracemem's repository explains every key. Paths start where snakemake runs."""
_CORPUS = """\
# The corpus: what the models were trained on. Files of JSON lines or Parquet, folders of .txt, or
# globs of them, each a shard that is read by a job of its own."""
_TASKS = """\
# The tasks: what the models are asked. N-grams, which are stretches of n words, of an input and its
# answer are a pair if their meanings are near; the corpus is searched for documents with both."""
_MODELS = """\
# The models that are asked: folders, or names on the model hub (owner/name). Figures set models of
# different size side by side."""
_NO_MODELS = """\
# Without models the study counts what the corpus holds of each task. To ask models as well, remove
# the first two characters of these lines; a path is a folder, or a name on the hub (owner/name).
# models:
#   small:
#     path: models/small"""
_MEANINGS = {
    "kind": "question-answering, multiple-choice, translation or reasoning",
    "format": "how the file is laid out",
    "test": "the examples that models are asked",
    "fields": "what the records of the file call them",
    "languages": "of the input and of the target",
    "groups": "the subjects there are files of",
    "n": "words of an n-gram: longer ones are rarer, and say more where they are found",
    "output_gram": "the answer's part of a pair: the whole answer (target) or its n-grams",
    "gamma": "how near two meanings have to be, as a cosine: higher keeps fewer, surer pairs",
    "embedder": "what tells meanings: wordllama knows English, lsa learns from the corpus; or e5, a model",
    "metrics": "how answers are scored, the first one in the figures",
    "max_new_tokens": "how long an answer may get, in tokens",
    "prompt": "what a model is given; its answer follows directly",
}
_UNSIZED = "# parameters: 70000000  # to be set: the hub could not be asked for the number"


def text(draft: Draft, study: Settings) -> str:
    """The file of a draft; of the settings it stands for, the defaults are shown."""
    config = draft.config
    head = [
        _HEAD,
        _key("title", config["title"]),
        _key("results", config["results"], "the folder that everything is written to"),
    ]
    tasks = [_TASKS, "tasks:"]
    told: dict[str, list] = {}
    for name, given in config["tasks"].items():
        lines = _task(given, study.tasks[name], draft.said[name], told)
        tasks += _shifted([f"{scalar(name)}:", *_shifted(lines)])
    models = [_MODELS, "models:"] if config.get("models") else [_NO_MODELS]
    for name, given in config.get("models", {}).items():
        lines = [_key(key, value) for key, value in given.items()]
        lines += [f"# {draft.sizes[name]}"] if name in draft.sizes else []
        lines += [_UNSIZED] if name in draft.unsized else []
        models += _shifted([f"{scalar(name)}:", *_shifted(lines)])
    parts = [head, [_CORPUS, "corpus:", *_shifted(_corpus(config["corpus"]))], tasks, models]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def scalar(value: Any) -> str:
    """A value in one line of YAML, quoted where it has to be."""
    plain = _dumped(value).removesuffix("...\n").strip("\n")
    if "\n" not in plain:
        return plain
    return _dumped(value, quotes='"').strip("\n")


def _dumped(value: Any, quotes: str | None = None) -> str:
    return yaml.safe_dump(
        value, sort_keys=False, default_style=quotes, default_flow_style=True, allow_unicode=True,
        width=math.inf,
    )  # fmt: skip


def one_line(words: str) -> str:
    """A text without what would end a comment or a line of the terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _key(key: str, value: Any, meaning: str = "", *, is_default: bool = False) -> str:
    """A line of the file, with what the key means behind it, or above where that is too long."""
    line = f"{'# ' if is_default else ''}{key}: {scalar(value)}"
    if not meaning:
        return line
    whole = f"{line}  # {meaning}"
    return whole if len(whole) <= _WIDTH - 6 else f"# {meaning}\n{line}"


def _shifted(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" if line else "" for part in lines for line in part.split("\n")]


def _corpus(corpus: Mapping[str, Any]) -> list[str]:
    lines = ["shards:", *(f"  - {scalar(shard)}" for shard in corpus["shards"])]
    if "text_field" in corpus:
        lines.append(_key("text_field", corpus["text_field"], "the field that holds the text"))
    stop = "a record that cannot be read ends the study; skip goes on and counts it"
    return [*lines, _key("on_bad_record", "stop", stop, is_default=True)]


def _task(
    given: Mapping[str, Any], task: TaskSettings, said: Sequence[str], told: dict[str, list]
) -> list[str]:
    """The lines of one task: what keys mean is told once, and a default where it is another one."""
    used = {
        "output_gram": task.output_gram,
        "gamma": task.gamma[0] if len(set(task.gamma)) == 1 else task.gamma,
        "embedder": task.embedder,
        "metrics": task.metrics,
        "prompt": task.prompt,
    }
    lines = [f"# {one_line(sentence)}" for sentence in said]
    for key in dict.fromkeys((*given, *used)):
        value = given.get(key, used.get(key))
        if key in given or value not in told.get(key, []):
            meaning = "" if key in told else _MEANINGS[key]
            lines.append(_key(key, value, meaning, is_default=key not in given))
            told.setdefault(key, []).append(value)
    return lines
