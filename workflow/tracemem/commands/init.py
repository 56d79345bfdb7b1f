"""``tracemem init``: the config of a first study, guessed from its files and ready to run."""

import argparse
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracemem.commands.first_study import Draft
    from tracemem.settings.study import Settings

_NO_TASK = """no task; allowed: --task FILE, what the models are asked, a JSON object a line:
  {"question": "What is the capital of France?", "answer": "Paris"}
in a file whose name ends in .jsonl. Fields may have other names, a list of options makes it multiple
choice; Parquet, GSM8K, MMLU, TriviaQA and parallel text are read as they are published."""
_REPOSITORY = Path(__file__).resolve().parents[3]


def register(subparsers) -> None:
    """Describe the command to the parser."""
    command = subparsers.add_parser(
        "init",
        help="write the config of a study of your own corpus, tasks and models",
        description="Write a commented config that runs as it is. What the files hold is guessed "
        "from their first records and said, with what to change where the guess is wrong.",
    )
    command.set_defaults(run=run)
    command.add_argument(
        "shards",
        nargs="+",
        metavar="SHARD",
        help="the corpus: JSON lines (.jsonl, .json, with .gz or .zst), .parquet, folders of .txt, "
        "or globs",
    )
    command.add_argument(
        "--task",
        action="append",
        default=[],
        metavar="FILE",
        help="what models are asked: .jsonl (.gz, .zst), .parquet, a folder of a data set, or the "
        "files of TriviaQA, GSM8K, MMLU or parallel text; may be given again",
    )
    command.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="MODEL",
        help="a model's folder, or its name on the hub (owner/name); may be given again",
    )
    command.add_argument(
        "--output", default="my.yaml", metavar="FILE", help="the config (default: my.yaml)"
    )
    command.add_argument("--name", help="title of the study (default: the name of the config)")
    command.add_argument(
        "--text-field", metavar="FIELD", help="field of a document's text (default: guessed)"
    )
    command.add_argument("--force", action="store_true", help="overwrite the config if it is there")


def run(asked: argparse.Namespace) -> None:
    """Guess, write the config, and say what was guessed and how to go on.

    Raises:
        ValueError: an argument is not what is allowed, or a file leaves open what it holds.
        OSError: the config cannot be written.
    """
    from tracemem.commands import config_file, first_study
    from tracemem.jobs.files import replacing

    output = Path(asked.output)
    if output.suffix not in (".yaml", ".yml"):
        raise ValueError(f"--output: found {asked.output!r}; allowed: a name that ends in .yaml")
    if output.exists() and not asked.force:
        raise ValueError(
            f"{output}: is there already; allowed: --force to overwrite it, or another --output"
        )
    if not asked.task:
        raise ValueError(_NO_TASK)
    draft, study = first_study.draft(
        asked.name or output.stem, asked.shards, asked.task, asked.model, asked.text_field
    )
    written = config_file.text(draft, study)
    with replacing(output) as file:
        file.write_text(written, encoding="utf-8")
    _tell(draft, study, output)


def _tell(draft: "Draft", study: "Settings", output: Path) -> None:
    """Say what was guessed, what to change, and the commands to go on with."""
    from tracemem.commands.config_file import one_line
    from tracemem.corpus.shards import find_shards

    shards = len(find_shards(study.corpus.shards))
    field = draft.config["corpus"].get("text_field")
    texts = f", the text in {one_line(field)}" if field else ""
    print(f"corpus: {shards} shard{'s' * (shards != 1)}{texts}")
    for name, sentences in draft.said.items():
        print(f"task {name}: {sentences[0]}")
        print(*(f"  - {one_line(sentence)}" for sentence in sentences[1:]), sep="\n")
    for name in study.models:
        print(f"model {name}: {draft.sizes.get(name, 'of unknown size')}")
    if not study.models:
        print("no model: the study counts what the corpus holds")
    print(
        f"\n{output} is written. Where a guess is wrong, change kind and fields of the task there."
    )
    for name in draft.unsized:
        print(
            f"Set models.{name}.parameters there before you go on: the hub could not be asked for "
            "the number."
        )
    print("Go on with:", *_commands(output), sep="\n  ")


def _commands(output: Path) -> list[str]:
    check = [_program("tracemem"), "check", str(output)]
    snakemake = [_program("snakemake"), "--cores", "all", "--configfile", str(output)]
    snakefile = _snakefile()
    note = []
    if snakefile:
        snakemake[1:1] = ["--snakefile", snakefile]
    if snakefile and not Path(snakefile).is_file():
        note = ["(clone the repository of tracemem first, and put its place there)"]
    return [shlex.join(check), shlex.join(snakemake), *note]


def _program(name: str) -> str:
    """A program as it can be typed: of an environment that is not entered, with its folder."""
    beside = Path(sys.executable).with_name(name)
    return name if shutil.which(name) or not beside.exists() else str(beside)


def _snakefile() -> str:
    """The Snakefile to name, '' where the one that Snakemake finds by itself is this project's."""
    there = [Path(name) for name in ("Snakefile", "snakefile", "workflow/Snakefile")]
    first = next((path for path in there if path.is_file()), None)
    if first and Path("workflow", "tracemem", "__init__.py").is_file():
        return ""
    mine = _REPOSITORY / "Snakefile"
    if mine.is_file() and (_REPOSITORY / "workflow" / "Snakefile").is_file():
        return str(mine)
    return "tracemem/Snakefile"
