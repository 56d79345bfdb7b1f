"""``tracemem check``: every problem of a config that can be known now, and what its study will cost."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracemem.settings.study import Settings
    from tracemem.study.costs import Costs
    from tracemem.study.sizes import Sizes


def register(subparsers) -> None:
    """Describe the command to the parser."""
    command = subparsers.add_parser(
        "check",
        help="say what is wrong with a config, what its study is and what it will cost",
        description="Say, before anything runs, every problem of a study's config that can be "
        "known now, what the study is, and what it will cost at measured rates. Exit status 1 if "
        "there is a problem.",
    )
    command.add_argument("config", nargs="+", help="config file; of several, later ones win")
    command.add_argument(
        "--corpus-gb", type=float, metavar="GB",
        help="GB of document text, of a corpus that is not here yet",
    )  # fmt: skip
    command.add_argument(
        "--cores", type=int, metavar="N", default=len(os.sched_getaffinity(0)),
        help="cores that time on the clock is reckoned for (default: those of this machine)",
    )  # fmt: skip
    command.add_argument("--json", action="store_true", help="the same for machines")
    command.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Check a study and reckon its costs; ends with status 1 where there is a problem.

    Raises:
        ValueError: a config file cannot be read, or an argument is out of range.
    """
    from tracemem.settings.study import SettingsError
    from tracemem.study import preflight

    if asked.corpus_gb is not None and not asked.corpus_gb > 0:
        raise ValueError(f"--corpus-gb: found {asked.corpus_gb}; allowed: a number above 0")
    if asked.cores < 1:
        raise ValueError(f"--cores: found {asked.cores}; allowed: 1 or more")
    found: dict[str, Any] = {"config": asked.config, "problems": [], "notes": []}
    lines: list[str] = []
    try:
        study, found["notes"] = preflight.complete(
            merged(asked.config), Path(asked.config[-1]).stem
        )
        found["problems"] = preflight.problems(study)
    except SettingsError as wrong:
        found["problems"] = [line.strip() for line in str(wrong).splitlines()[1:]]
    else:
        lines = _reckon(study, asked, found)
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join([*_problems(found), *lines]))
    if found["problems"]:
        sys.exit(1)


def merged(paths: Sequence[str]) -> dict[str, Any]:
    """Several config files as Snakemake merges them: key by key, the later one wins.

    Raises:
        ValueError: a file is missing, not YAML, or holds no mapping.
    """
    import yaml
    from snakemake.utils import update_config

    config: dict[str, Any] = {}
    for path in paths:
        try:
            found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ValueError(f"{path}: no such file; allowed: a config file in YAML") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as wrong:
            raise ValueError(f"{path}: cannot be read as YAML: {wrong}") from None
        if not isinstance(found, dict):
            kind = "nothing" if found is None else f"a {type(found).__name__}"
            raise ValueError(f"{path}: found {kind}; allowed: keys of a study (config/README.md)")
        update_config(config, found)
    return config


def _reckon(study: "Settings", asked: argparse.Namespace, found: dict[str, Any]) -> list[str]:
    """Put what the study is and costs into ``found``; the same as lines.

    A shard or a task that cannot be read is one more problem, and the study has no costs then.
    """
    from tracemem.corpus.bad_records import CorpusError
    from tracemem.study import costs, rates, sizes
    from tracemem.tasks import TaskError

    try:
        known = sizes.of(study, asked.corpus_gb and asked.corpus_gb * 1e9)
    except (CorpusError, TaskError) as wrong:
        # One file that is not there is known already, under the key that names it.
        if not found["problems"]:
            found["problems"].append(str(wrong))
        return []
    reckoned = costs.reckon(study, known, rates.read(), asked.cores)
    found["study"] = _described(study, known)
    found["costs"] = asdict(reckoned)
    return report(study, known, reckoned, found["notes"])


def _problems(found: dict[str, Any]) -> list[str]:
    name, problems = " ".join(found["config"]), found["problems"]
    if not problems:
        return [f"{name}: no problem found", ""]
    several = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return [f"{name}: {several}", *(f"  {line}" for line in problems), ""]


def _described(study: "Settings", known: "Sizes") -> dict[str, Any]:
    """The study as plain values."""
    return {
        "title": study.title,
        "results": study.results,
        "corpus": asdict(known.corpus),
        "tasks": {
            f"{task}.{split}": {
                "examples": sizes.examples,
                "source": sizes.source,
                **(_told(study, task, sizes.examples) if split == "test" else {}),
            }
            for (task, split), sizes in known.splits.items()
        },
        "models": {name: model.parameters for name, model in study.study_models().items()},
    }


def report(
    study: "Settings", known: "Sizes", reckoned: "Costs", notes: Sequence[str] = ()
) -> list[str]:
    """What a study is and what it will cost, as lines of plain text."""
    several = "1 core" if reckoned.cores == 1 else f"{reckoned.cores} cores"
    gpu = " and one GPU" if reckoned.total.gpu_seconds else ""
    return [
        *_study(study, known),
        *(f"note    {note}" for note in notes),
        "",
        *_table(reckoned),
        "",
        f"Time on {several}{gpu}: {duration(reckoned.wall_seconds)}.",
        *reckoned.remarks,
    ]


def _told(study: "Settings", task: str, examples: float) -> dict[str, float]:
    """The smallest memorization, and difference of it between two sizes, that a task can tell.

    As contrastive memorization over all test examples at one n, held to the strictest step of
    Holm's correction over all n and models.
    """
    from dataclasses import replace

    from tracemem.scoring import designs

    models, settings = len(study.study_models()), study.tasks[task]
    design = designs.read()[settings.kind]
    if settings.output_gram == "target":
        design = replace(design, items=1.0, items_sd=0.0)
    tests = len(settings.n) * models
    told = {}
    if models:
        told["smallest_memorization"] = designs.smallest(design, examples, tests)
    if models > 1:
        told["smallest_difference"] = designs.smallest(design, examples, tests, between=True)
    return told


def _study(study: "Settings", known: "Sizes") -> list[str]:
    corpus = known.corpus
    sizes = "size not known"
    if corpus.bytes is not None and corpus.text_bytes is not None:
        sizes = (
            f"{size(corpus.bytes / 1e6)} at rest, {size(corpus.text_bytes / 1e6)} of text, "
            f"{corpus.documents:,.0f} documents"
        )
    lines = [
        f"{study.title}, into {study.results}",
        f"corpus  {corpus.shards:,} shard{'s' * (corpus.shards != 1)}, {sizes} ({corpus.source})",
    ]
    for (task, split), found in known.splits.items():
        kind = study.tasks[task].kind
        lines.append(
            f"task    {task}: {kind}, {found.examples:,.0f} {split} examples ({found.source})"
        )
        told = _told(study, task, found.examples) if split == "test" else {}
        if told:
            memorization, *difference = (f"{value:.2f}" for value in told.values())
            between = f", a difference between sizes of about {difference[0]}" if difference else ""
            lines.append(
                f"        a memorization of about {memorization} can be told from 0{between}"
            )
    for name, model in study.study_models().items():
        trained = study.ladder and name in study.trained()
        where = "trained here" if trained else " ".join([model.path, model.revision]).strip()
        lines.append(f"model   {name}: {model.parameters or 0:,} parameters ({where})")
    return lines


def _table(reckoned: "Costs") -> list[str]:
    """The costs by stage, in columns; one for GPUs only where there are any."""
    gpus = reckoned.total.gpu_seconds > 0
    head = (
        "stage",
        "jobs",
        "core-hours",
        *(["GPU-hours"] if gpus else []),
        "disk",
        "largest job, at least",
    )
    rows = [head]
    for stage in [*reckoned.stages, reckoned.total]:
        on_gpu = [hours(stage.gpu_seconds) if stage.gpu_seconds else ""] if gpus else []
        cells = [stage.name, f"{stage.jobs:,}", hours(stage.core_seconds), *on_gpu]
        rows.append((*cells, size(stage.disk_mb), size(stage.memory_mb)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in ((row[0].ljust(widths[0]), *row[1:]) for row in rows)
    ]


def hours(seconds: float) -> str:
    """Hours, to two digits."""
    value = seconds / 3600
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def size(mb: float) -> str:
    """MB in the unit that fits, to two digits or so."""
    for unit, many in (("TB", 1e6), ("GB", 1e3), ("MB", 1.0)):
        if mb >= many or unit == "MB":
            value = mb / many
            return f"{value:,.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    raise AssertionError(mb)


def duration(seconds: float) -> str:
    """A time on the clock, in the unit that fits."""
    for unit, many in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * many:
            value = seconds / many
            return f"about {value:,.0f} {unit}" if value >= 10 else f"about {value:.2g} {unit}"
    return f"about {seconds:.0f} seconds"
