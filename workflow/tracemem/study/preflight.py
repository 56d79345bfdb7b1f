"""What can be known of a study before a job starts: what its files fill in, and what is wrong.

A config may leave to the files what they say themselves: the kind of a task and the names of its
fields, the parameters of a model, a tokenizer for the infinity-gram LM. What is filled in is said.
What would stop a job hours later is looked for here, all of it at once: files, fields, folders,
engines and packages that are not there, answers that do not fit a context.
"""

import importlib.util
import logging
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tracemem.models import checkpoint
from tracemem.models.checkpoint import CheckpointError
from tracemem.settings import study as settings
from tracemem.settings.examples import FieldSettings
from tracemem.settings.limits import LARGEST_VOCABULARY
from tracemem.settings.mining import WORDLLAMA
from tracemem.settings.models import ModelSettings
from tracemem.settings.study import Settings, SettingsError


def complete(config: Mapping[str, Any], name: str) -> tuple[Settings, list[str]]:
    """The settings a config stands for, with what its files say where it says nothing.

    Args:
        config: the config as plain values.
        name: of the config file, the default of title and results.

    Returns:
        (settings, a line for everything that was filled in or left out).

    Raises:
        SettingsError: a key is missing, unknown or wrong; every such key has its own line.
    """
    notes: list[str] = []
    study = settings.load(_with_guesses(settings.named(config, name), notes))
    study = _with_parameters(study, notes)
    return _with_tokenizer(study, notes), notes


def problems(study: Settings) -> list[str]:
    """A line for everything that would stop the study: key, what was found, what is allowed."""
    found = [
        *_of_results(study), *_of_corpus(study), *_of_tasks(study), *_of_embedders(study),
        *_of_infgram(study), *_of_models(study), *_of_engines(study),
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def tell(study: Settings, notes: Sequence[str], log: logging.Logger, dry: bool) -> None:
    """Say what was filled in, and what is wrong.

    Args:
        study: the settings.
        notes: what was filled in.
        log: where to say it.
        dry: nothing will run, so that what is wrong is said and stops nothing.

    Raises:
        SettingsError: something would stop the run.
    """
    wrong = problems(study)
    if wrong and not dry:
        raise SettingsError("the study cannot run:\n  " + "\n  ".join(wrong))
    for line in wrong:
        log.warning(f"would stop the run: {line}")
    for note in notes:
        log.info(note)


def _with_guesses(config: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """The config with the kind and the fields of tasks that leave either to their file."""
    given = config.get("tasks")
    if not isinstance(given, dict):
        return config
    wrong, tasks = [], {}
    for name, task in given.items():
        tasks[name] = task
        if not isinstance(task, dict) or task.get("format", "jsonl") != "jsonl":
            continue
        test = task.get("test")
        place = test[0] if isinstance(test, list) and test else test
        if not isinstance(place, str) or not Path(place).exists():
            continue  # no kind either: the settings say so
        if task.get("kind") and (task.get("fields") or _has_default_fields(place)):
            continue
        from tracemem.tasks.guess import guess
        from tracemem.tasks.records import TaskError

        try:
            guessed = guess(place, task.get("kind", ""), task.get("fields"))
        except TaskError as unclear:
            if task.get("kind"):
                continue  # a first look at the file says what it lacks
            wrong.append(f"tasks.{name}.kind: missing, and the file leaves it open: {unclear}")
            continue
        found = {**guessed.settings(), "n": guessed.n}
        # The fields that were guessed are those given and the rest.
        tasks[name] = {**found, **task, **{key: found[key] for key in found if key == "fields"}}
        left = ", ".join(f"{key} {value!r}" for key, value in found.items() if key not in task)
        notes.append(f"tasks.{name}: {left} ({'; '.join(guessed.said)})")
    if wrong:
        raise SettingsError("the config is wrong:\n  " + "\n  ".join(wrong))
    return {**config, "tasks": tasks}


def _has_default_fields(place: str) -> bool:
    """Whether the first record has the fields that a task has unless it names others."""
    from tracemem.tasks.records import TaskError, records

    try:
        _, record = next(records(place), ("", {}))
    except TaskError:
        return True
    names = FieldSettings()
    return names.input in record and names.target in record


def _with_parameters(study: Settings, notes: list[str]) -> Settings:
    """The study with the parameters its models' files hold; those not known stay 0."""
    models = dict(study.models)
    for name, model in models.items():
        counted: int | None = 0
        if not model.parameters:
            with suppress(CheckpointError):  # told with the other problems
                counted = checkpoint.parameters(model.path, model.revision)
        if counted:
            models[name] = model.model_copy(update={"parameters": counted})
            notes.append(f"models.{name}.parameters: {counted:,}, counted from its files")
    return study.model_copy(update={"models": models}) if models else study


def _with_tokenizer(study: Settings, notes: list[str]) -> Settings:
    """The study with the tokenizer of its infinity-gram LM, or without that LM."""
    if not study.infgram or study.infgram.tokenizer or study.ladder:
        return study
    if not study.models:
        # Nothing is compared with it where no model answers.
        return study.model_copy(update={"infgram": None})
    name, model = next(iter(study.models.items()))
    # Of a revision in a sub-folder, the tokenizer may be that of the folder.
    file = checkpoint.find(model.path, "tokenizer.json", model.revision)
    tokens = None
    with suppress(CheckpointError):
        tokens = checkpoint.vocabulary(model.path, model.revision)
    if tokens is None:
        why = f"no tokenizer.json of model {name} is on this machine"
    elif tokens > LARGEST_VOCABULARY:
        why = f"the tokenizer of model {name} has {tokens:,} tokens, allowed: 65,535"
    elif file is not None:
        folder = str(file.parent) if Path(model.path).expanduser().is_dir() else model.path
        notes.append(f"infgram.tokenizer: that of model {name}")
        infgram = study.infgram.model_copy(update={"tokenizer": folder})
        return study.model_copy(update={"infgram": infgram})
    notes.append(f"infgram: no infinity-gram LM, as {why} (infgram.tokenizer names another)")
    return study.model_copy(update={"infgram": None})


def _of_results(study: Settings) -> Iterator[str]:
    place = Path(study.results).absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        yield f"results: found {study.results!r}, but {place} is a file; allowed: a folder"
    elif not os.access(place, os.W_OK):
        yield f"results: found {study.results!r}, but {place} cannot be written to"


def _of_corpus(study: Settings) -> Iterator[str]:
    from tracemem.corpus.bad_records import CorpusError
    from tracemem.corpus.shards import find_shards

    if study.corpus.shards:
        try:
            find_shards(study.corpus.shards)
        except CorpusError as wrong:
            yield f"corpus.shards: {wrong}"


def _of_tasks(study: Settings) -> Iterator[str]:
    from tracemem import tasks

    made = Path(study.results, "world").absolute()
    for name, task in study.tasks.items():
        for split in dict.fromkeys(["test", task.pairs_from]):
            files = task.files(split)
            if study.world and any(made in Path(file).absolute().parents for file in files):
                continue  # the study writes them itself
            missing = [file for file in files if not Path(file).exists()]
            if missing:
                more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
                yield f"tasks.{name}.{split}: {missing[0]}: no such file{more}"
            elif files:
                try:
                    tasks.look(task, split)
                except tasks.TaskError as wrong:
                    yield f"tasks.{name}.{split}: {wrong}"
        if "bertscore-precision" in task.metrics:
            yield from _of_package("bert_score", "bert-score", f"tasks.{name}.metrics")
            yield from _of_place(task.bertscore.model, f"tasks.{name}.bertscore.model")


def _of_embedders(study: Settings) -> Iterator[str]:
    for name in dict.fromkeys(task.embedder for task in study.tasks.values()):
        embedder = study.embedders[name]
        key = f"embedders.{name}.kind"
        if embedder.kind == "wordllama":
            yield from _of_package("wordllama", f"wordllama=={WORDLLAMA}", key)
        elif embedder.kind == "sentence-transformers":
            yield from _of_package("sentence_transformers", "sentence-transformers", key)
            yield from _of_place(embedder.name, f"embedders.{name}.name")
        elif embedder.kind == "laser" and importlib.util.find_spec("laser_encoders") is None:
            yield (
                f"{key}: found 'laser', but the package laser_encoders is not "
                "installed, and does not import on Python 3.11 and newer; allowed here: lsa, or "
                "sentence-transformers with name sentence-transformers/LaBSE"
            )


def _of_infgram(study: Settings) -> Iterator[str]:
    if not study.infgram:
        return
    tokenizer, index = study.infgram.tokenizer, study.infgram.index
    if tokenizer:
        key = "infgram.tokenizer"
        try:
            tokens = checkpoint.vocabulary(tokenizer)
        except CheckpointError as damaged:
            yield f"{key}: {damaged}"
            return
        if tokens is None:
            yield from _of_place(tokenizer, key, "tokenizer.json")
        elif tokens > LARGEST_VOCABULARY:
            yield f"{key}: found {tokenizer!r} with {tokens:,} tokens; allowed: up to 65,535"
    if index and not Path(index, "table.0").is_file():
        yield f"infgram.index: found {index!r}; allowed: a folder with tokenized.0, offset.0, table.0"


def _of_models(study: Settings) -> Iterator[str]:
    for name, model in study.models.items():
        wrong = _of_folder(name, model)
        yield from wrong
        if wrong:
            continue
        if not model.parameters:
            yield from _of_parameters(name, model)
        try:
            context = checkpoint.context_length(model.path, model.revision)
            here = checkpoint.config(model.path, model.revision) is not None
        except CheckpointError as damaged:
            yield f"models.{name}.path: {damaged}"
            continue
        if here and not context and not model.context_length:
            yield f"models.{name}.context_length: missing; its config gives no context length"
        known = [length for length in (context, model.context_length) if length]
        if known:
            yield from _of_lengths(study, name, min(known))
        if here and model.chat_template and not _has_chat_template(model):
            yield (
                f"models.{name}.chat_template: found true, but the tokenizer of {model.path!r} has "
                "no chat template; allowed: false"
            )
    if study.ladder:
        for name in study.ladder.sizes:
            yield from _of_lengths(study, name, study.ladder.context)


def _of_parameters(name: str, model: ModelSettings) -> Iterator[str]:
    key = f"models.{name}.parameters"
    try:
        if not checkpoint.parameters(model.path, model.revision):
            yield (
                f"{key}: missing, and no weights of {model.path!r} are on this machine to be "
                "counted; allowed: a number, such as 70000000"
            )
    except CheckpointError as damaged:
        yield f"{key}: missing, and cannot be counted: {damaged}"


def _of_lengths(study: Settings, model: str, context: int) -> Iterator[str]:
    """Lengths of answers, as far as somebody set them, that leave a prompt no room."""
    for name, task in study.tasks.items():
        if task.max_new_tokens is not None and task.max_new_tokens >= context:
            yield (
                f"tasks.{name}.max_new_tokens: found {task.max_new_tokens}, but model {model} has "
                f"a context of {context} tokens; allowed: up to {context - 1}, or left out"
            )


def _of_folder(name: str, model: ModelSettings) -> list[str]:
    """What is wrong with the place a model lies in."""
    key = f"models.{name}.path"
    folder = Path(model.path).expanduser()
    if not folder.is_dir():
        # A bare name is more often a folder that is not there than one of those.
        return list(_of_place(model.path, key, bare=False))
    if model.revision and not (folder / model.revision).is_dir():
        held = sorted(child.parent.name for child in folder.glob("*/config.json"))
        return [
            f"models.{name}.revision: found {model.revision!r}; allowed: a sub-folder of "
            f"{model.path}: {', '.join(held) or 'there is none with a config.json'}"
        ]
    if not (folder / model.revision / "config.json").is_file():
        return [f"{key}: {folder / model.revision} has no config.json; allowed: a model's folder"]
    return []


def _of_place(path: str, key: str, holds: str = "config.json", bare: bool = True) -> Iterator[str]:
    if why := checkpoint.unusable(path, holds, bare):
        yield f"{key}: {why}"


def _of_package(module: str, package: str, key: str) -> Iterator[str]:
    if importlib.util.find_spec(module) is None:
        yield f"{key}: needs the package {package}, which is not installed (pip install {package})"


def _has_chat_template(model: ModelSettings) -> bool:
    if checkpoint.find(model.path, "chat_template.jinja", model.revision):
        return True
    file = checkpoint.find(model.path, "tokenizer_config.json", model.revision)
    return file is not None and "chat_template" in file.read_text(encoding="utf-8")


def _of_engines(study: Settings) -> Iterator[str]:
    python = study.generation.python
    if python and not shutil.which(python):
        yield (
            f"generation.python: found {python!r}; allowed: a Python that can be run "
            "(docs/engines.md says how to make the environment of vllm)"
        )
        return
    asking = [
        name
        for name, model in study.study_models().items()
        if (model.engine or study.generation.engine) == "vllm"
    ]
    if asking and not _has_vllm(python):
        where = f"in the environment of {python}" if python else "where Snakemake runs"
        yield (
            f"generation.engine: found 'vllm' (for {', '.join(asking)}), but vllm is not installed "
            f"{where}; allowed: transformers, or generation.python with the Python of an "
            "environment that has it (make install ENGINE=vllm, then config/vllm.yaml)"
        )
    for name in study.models:
        model = study.models[name]
        if model.tensor_parallel_size > 1 and name not in asking and model.engine != "auto":
            yield (
                f"models.{name}.tensor_parallel_size: found {model.tensor_parallel_size}, which "
                "needs engine vllm; allowed: 1"
            )


def _has_vllm(python: str) -> bool:
    if not python:
        return importlib.util.find_spec("vllm") is not None
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('vllm') is None)"
    return not subprocess.run([python, "-c", code], stdin=subprocess.DEVNULL).returncode
