"""The study's report: one HTML file that opens offline, its words computed from the score tables.

Every sentence about a result is chosen by the numbers and their intervals, never written down in
advance, so the same code reports any study. An interval that includes zero is reported as such: it
is never called an absence of memorization. A table the study does not have leaves a sentence that
says what would provide it.
"""

import base64
import importlib.metadata
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup, escape

from tracemem.corpus.tables import MANIFEST
from tracemem.jobs import files
from tracemem.mining.tables import COVERAGE
from tracemem.report import comparisons, grids
from tracemem.report import figures as drawn
from tracemem.report.findings import Findings, Point, known, listed, number
from tracemem.report.grids import Grid
from tracemem.report.products import REPORTED
from tracemem.report.tables import FIGURES
from tracemem.scoring.measures import MEASURES
from tracemem.scoring.tables import (
    CLAIMS,
    CONTAMINATION,
    DECONTAMINATED,
    INSTRUCT,
    MEMORIZATION,
    PUBLISHED,
)  # fmt: skip

TEMPLATE = Path(__file__).with_name("report.html.jinja")
PACKAGES = (
    "torch", "transformers", "tokenizers", "infini-gram", "numpy", "numba", "scipy", "pandas",
    "pyarrow", "sacrebleu", "snakemake", "matplotlib", "seaborn",
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """What the tables do not say about a run.

    ``settings`` is the config as plain values, ``versions`` package versions by name, ``commands``
    pairs of (what it does, shell command), ``families`` the family of each model by name,
    ``tasks`` the order tasks stand in; one that is not named comes after them; ``notes`` what the
    config left to the files and what they filled in; ``answered`` whether any model answers: without
    one the report is of the corpus alone.
    """

    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    commands: Sequence[tuple[str, str]] = ()
    families: Mapping[str, str] = field(default_factory=dict)
    tasks: Sequence[str] = ()
    notes: Sequence[str] = ()
    answered: bool = True


@dataclass(frozen=True)
class Block:
    """A titled run of sentences with its tables and figures; ``folded`` ones open on a click.

    ``readings`` are (measure, what it shows); ``figures`` (name, title, caption, data URI).
    """

    title: str = ""
    sentences: Sequence[str] = ()
    readings: Sequence[tuple[str, str]] = ()
    grids: Sequence[Grid] = ()
    figures: Sequence[tuple[str, str, str, str]] = ()
    preformatted: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A section of the report; ``name`` is its anchor."""

    name: str
    title: str
    blocks: Sequence[Block]


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Installed version of each package that is there, Python's first."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _in_short(findings: Findings) -> Block:
    """One row a task and n: every measure at the smallest and the largest model."""
    shown = [m for m in MEASURES if any(findings.series(t, n, m) for t, n in findings.tasks())]
    rows = []
    for task, n in findings.tasks():
        metric, performance = findings.performance(task, findings.ladder)
        cells = [metric, _ends(performance)]
        cells += [_ends(findings.series(task, n, m, findings.ladder)) for m in shown]
        rows.append([task, str(n), *cells])
    if not rows:
        return Block(sentences=[MEMORIZATION.missing])
    ladder = [findings.labels[model] for model in findings.ladder]
    title = f"From {ladder[0]} to {ladder[-1]} parameters" if len(ladder) > 1 else ladder[0]
    columns = ["task", "n", "metric", "performance", *(measure[0] for measure in shown)]
    return Block(sentences=findings.overall(), grids=[Grid(title, columns, rows)])


def _ends(series: Mapping[str, Point]) -> str:
    points = list(known(series).values())
    if not points:
        return "no value" if series else ""
    if len(points) == 1:
        return number(points[0].value)
    return f"{number(points[0].value)} → {number(points[-1].value)}"


def _finding(findings: Findings) -> Section:
    blocks = [_in_short(findings)]
    seen: set[str] = set()
    for task, n in findings.tasks():
        metric, performance = findings.performance(task)
        rows = []
        if performance:
            rows.append([metric, *_by_model(performance, findings.labels)])
        for measure in MEASURES:
            series = findings.series(task, n, measure)
            if series:
                rows.append([measure[0], *_by_model(series, findings.labels)])
        columns = ["measure", *findings.labels.values()]
        grid = Grid("Side by side, with 95 % intervals", columns, rows)
        block = Block(
            f"{task}, n = {n}", readings=findings.readings(task, n), grids=[grid],
            folded=task in seen,
        )  # fmt: skip
        blocks.append(block)
        seen.add(task)
    blocks += [_instruct(findings.frames), _decontamination(findings)]
    return Section("finding", "What was found", blocks)


def _instruct(frames: Mapping[str, pd.DataFrame]) -> Block:
    if INSTRUCT.name not in frames:
        return Block(INSTRUCT.title, [INSTRUCT.missing])
    sentences, tables = comparisons.instruct(frames[INSTRUCT.name])
    return Block(INSTRUCT.title, sentences, grids=tables)


def _decontamination(findings: Findings) -> Block:
    title, frame = DECONTAMINATED.title, findings.frames.get(DECONTAMINATED.name)
    if frame is None:
        return Block(title, [DECONTAMINATED.missing])
    readings, tables = comparisons.decontaminated(frame, findings.labels)
    return Block(title, readings=readings, grids=tables)


def _by_model(series: Mapping[str, Point], labels: Mapping[str, str]) -> list[str]:
    return [str(series[model]) if model in series else "" for model in labels]


def _run(study: Study, findings: Findings) -> Section:
    frames = findings.frames
    blocks = []
    if MANIFEST.name in frames:
        blocks.append(_corpus(frames["manifest"]))
    else:
        blocks.append(Block("Corpus", [MANIFEST.missing]))
    if "performance" in frames:
        scored = frames["performance"]
        whole = scored[scored["group"] == ""]
        sizes = whole.drop_duplicates("model").set_index("model")["parameters"]
        rows = [
            [model, f"{sizes[model]:,}", study.families.get(model, "")]
            for model in findings.labels if model in sizes
        ]  # fmt: skip
        blocks.append(Block("Models", grids=[Grid("", ["model", "parameters", "family"], rows)]))
        n_values: dict[str, list[str]] = {}
        for task, n in findings.tasks():
            n_values.setdefault(task, []).append(str(n))
        rows = [
            [task, f"{group['examples'].max():,}", ", ".join(n_values.get(task, [])),
             ", ".join(drawn.metric_label(metric) for metric in group["metric"].unique())]
            for task, group in whole.groupby("task", sort=False)
        ]  # fmt: skip
        grid = Grid("", ["task", "test examples", "n", "metrics"], rows)
        blocks.append(Block("Tasks", grids=[grid]))
    if not study.answered:
        sentence = "No model answers in this study, so it is of the corpus and the tasks alone."
        blocks.append(Block("Models", [sentence]))
    if study.notes:
        blocks.append(Block("Filled in where the config says nothing", list(study.notes)))
    if study.versions:
        rows = [[name, version] for name, version in study.versions.items()]
        blocks.append(
            Block("Versions", grids=[Grid("", ["package", "version"], rows)], folded=True)
        )
    if study.settings:
        text = yaml.safe_dump(dict(study.settings), sort_keys=False, allow_unicode=True, width=90)
        blocks.append(Block("Settings", preformatted=text, folded=True))
    return Section("run", "What was run", blocks)


def _corpus(manifest: pd.DataFrame) -> Block:
    text = manifest["text_bytes"].sum()
    sentence = (
        f"{len(manifest):,} shard{'s' if len(manifest) != 1 else ''}, "
        f"{manifest['documents'].sum():,} documents, {_bytes(text)} of text "
        f"({_bytes(manifest['bytes'].sum())} at rest); "
        f"{manifest['skipped'].sum():,} bad records skipped."
    )
    rows = [
        [row.shard, row.path, f"{row.documents:,}", f"{row.skipped:,}", f"{row.bytes:,}",
         row.sha256[:16]]
        for row in manifest.itertuples()
    ]  # fmt: skip
    columns = ["shard", "path", "documents", "skipped", "bytes", "sha256, first 16"]
    grid = Grid("Shards", columns, rows, folded=True)
    return Block("Corpus", [sentence], grids=[grid])


def _bytes(count: float) -> str:
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count:.0f} bytes"


def _coverage(frames: Mapping[str, pd.DataFrame]) -> Section:
    """What the corpus holds of the tasks, which no model is needed for."""
    blocks = [Block(sentences=[COVERAGE.missing])]
    if COVERAGE.name in frames:
        coverage = frames[COVERAGE.name]
        sentences = [
            f"{row.task}, n = {row.n}: nothing of it can be traced to the corpus, for "
            f"{row.reason}. Lower its gamma, take another n or embedder, or a corpus that holds "
            "its n-grams."
            for row in coverage.itertuples()
            if row.reason
        ]
        blocks = [Block(sentences=sentences, grids=[grids.coverage(coverage)])]
    found = [CONTAMINATION.missing]
    if CONTAMINATION.name in frames:
        found = comparisons.contamination(frames[CONTAMINATION.name])
    blocks.append(Block(CONTAMINATION.title, found))
    return Section(COVERAGE.section, COVERAGE.title, blocks)


def _figures(figures: Mapping[str, Path], undrawn: Mapping[str, str]) -> Section:
    declared = {figure.name: figure for figure in FIGURES}
    wrong = sorted({*figures, *undrawn} - declared.keys())
    if wrong:
        raise ValueError(f"figures {wrong} are not declared, allowed: {', '.join(declared)}")
    shown = []
    for name, figure in declared.items():
        if name in figures:
            data = base64.b64encode(Path(figures[name]).read_bytes()).decode("ascii")
            uri = f"data:image/png;base64,{data}"
            shown.append((name, figure.title, figure.caption, uri))
    sentences = [
        f"{declared[name].title}: left out, as there is {reason.partition(': ')[2] or reason}."
        for name, reason in undrawn.items()
    ]
    if not (shown or sentences):
        sentences = ["No figure was drawn."]
    return Section("figures", "Figures", [Block(sentences=sentences, figures=shown)])


def _scores(findings: Findings, answered: bool) -> Section:
    blocks = []
    for name, table in REPORTED.items():
        frame = findings.frames.get(name)
        if table.section != "scores" or (frame is None and not answered):
            continue
        if frame is None:
            blocks.append(Block(table.title, [table.missing]))
            continue
        blocks.append(Block(table.title, grids=grids.of(table, frame, findings.labels)))
        if name == MEMORIZATION.name:
            blocks.append(Block("Items left out, by reason", grids=[grids.drops(frame)]))
    return Section("scores", "Scores" if answered else "Pairs", blocks)


def _claims(frames: Mapping[str, pd.DataFrame]) -> Section:
    claims = frames.get("claims")
    if claims is None:
        return Section("claims", "Claims", [Block(sentences=[CLAIMS.missing])])
    counts = claims["verdict"].value_counts()
    said = listed([f"{v} {counts.get(v, 0)}" for v in ("holds", "fails", "cannot tell")])
    rows = claims[["claim", "statement", "verdict", "numbers"]].astype(str).values.tolist()
    grid = Grid("", ["claim", "statement", "verdict", "numbers"], rows)
    sentence = f"The published study's claims against this run. Verdicts: {said}."
    return Section("claims", "Claims", [Block(sentences=[sentence], grids=[grid])])


def _published(frames: Mapping[str, pd.DataFrame]) -> Section:
    name, title = PUBLISHED.section, PUBLISHED.title
    if PUBLISHED.name not in frames:
        return Section(name, title, [Block(sentences=[PUBLISHED.missing])])
    sentences, tables = comparisons.published(frames[PUBLISHED.name])
    return Section(name, title, [Block(sentences=sentences, grids=tables)])


def _reproduce(study: Study) -> Section:
    text = "\n".join(f"# {what}\n{command}" for what, command in study.commands)
    sentences = [] if text else ["No command was given."]
    return Section("reproduce", "How to reproduce", [Block(sentences=sentences, preformatted=text)])


def _notation(text: str) -> Markup:
    """Text escaped for HTML, its symbols (s_x, Mem_n, P_inf) set as subscripts, intervals whole."""
    text = re.sub(
        r"\b(s|Mem|P|H)_(x|y|n|∞|inf|\d)(?!\w)",
        lambda m: f"{m[1]}<sub>{'∞' if m[2] == 'inf' else m[2]}</sub>",
        str(escape(text)),
    )
    return Markup(re.sub(r"\[[^]]*\]", r'<span class="whole">\g<0></span>', text))


def _ordered(frame: pd.DataFrame, tasks: Sequence[str]) -> pd.DataFrame:
    """The rows by task in the order given; within a task as they were."""
    if "task" not in frame:
        return frame
    place = {task: number for number, task in enumerate(tasks)}
    return frame.sort_values(
        "task", key=lambda column: column.map(place).fillna(len(place)), kind="stable"
    )


def write(
    path: Path | str,
    study: Study,
    frames: Mapping[str, pd.DataFrame],
    figures: Mapping[str, Path | str],
    undrawn: Mapping[str, str] | None = None,
) -> None:
    """Write the report as one HTML file without external references; same inputs, same bytes.

    Args:
        path: the HTML file.
        study: what the tables do not say.
        frames: tables that the report shows by name; an empty one counts as missing.
        figures: PNG file of each declared figure by name.
        undrawn: why each of the figures left out has nothing to draw.

    Raises:
        ValueError: a frame or a figure has a name the report does not know.
    """
    wrong = sorted(set(frames) - set(REPORTED))
    if wrong:
        raise ValueError(f"tables {wrong} are not in the report, allowed: {', '.join(REPORTED)}")
    frames = {name: _ordered(frame, study.tasks) for name, frame in frames.items() if len(frame)}
    findings = Findings(frames, study.families)
    drawn = {name: Path(file) for name, file in figures.items()}
    sections = [
        _run(study, findings),
        *([_finding(findings)] if study.answered else []),
        _coverage(frames),
        _figures(drawn, undrawn or {}),
        _scores(findings, study.answered),
        *([_claims(frames), _published(frames)] if study.answered else []),
        _reproduce(study),
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["notation"] = _notation
    page = environment.get_template(TEMPLATE.name).render(study=study, sections=sections)
    files.write_text(page, path)


def write_summary(path: Path | str, study: Study, frames: Mapping[str, pd.DataFrame]) -> None:
    """Write the few numbers that matter most as text, for a terminal: :meth:`Findings.summary`."""
    shown = {name: _ordered(frame, study.tasks) for name, frame in frames.items() if len(frame)}
    lines = [study.title, *Findings(shown, study.families).summary()]
    files.write_text("\n".join(lines) + "\n", path)
