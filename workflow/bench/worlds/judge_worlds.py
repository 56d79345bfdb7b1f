"""Hold every candidate for a measure to the effect over worlds: choice, confirmation, other shapes.

    python workflow/bench/worlds/judge_worlds.py

Reads ``results/validity`` and the kept cells of ``results/worlds``; writes ``agreement.csv`` there,
the levels of ``tables.AGREEMENT`` by role, and the figure of all cells.
"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.worlds.run_worlds import KEPT, ROLES, ROOT, worlds
from tracemem.commands.check import merged
from tracemem.counterfactual.judging import CANDIDATE, cells, judge
from tracemem.counterfactual.tables import CANDIDATES, EFFECTS
from tracemem.jobs import files
from tracemem.report import figures
from tracemem.report.figures import axes as on
from tracemem.report.figures.style import GREY, drawing, ramp
from tracemem.settings import study as settings
from tracemem.study.study import Study

MAIN = "seed1"  # config/validity.yaml's own world, one of those of development
BARS = {"apart": 0.95, "cells": 0.9, "examples": 0.9, "nothing": 0.93}

SHOWN = {
    "Mem, as published": ("published", "log-probability", "nothing"),
    "Mem given frequency": ("published", "log-probability", "frequency"),
    "contrastive Mem": ("strongest", "contrast", "prior"),
}


def main_study() -> pd.DataFrame:
    """Cells of the study of validity itself."""
    study = Study(settings.load(merged([str(ROOT / "config" / "validity.yaml")])))
    folder = ROOT / study.settings.results
    effects = files.read(EFFECTS, folder / EFFECTS.path)
    effects = effects[effects["seed"] == study.settings.seed]
    candidates = files.read(CANDIDATES, folder / CANDIDATES.path)
    return cells(candidates, effects, study.nothing_memorized).assign(world=MAIN)


def gathered() -> dict[str, pd.DataFrame]:
    """Cells by role, of the worlds that are done."""
    found: dict[str, list[pd.DataFrame]] = {role: [] for role in ROLES}
    found["development"].append(main_study())
    for role, name, _ in worlds():
        if (path := KEPT / f"{name}.parquet").exists():
            found[role].append(pd.read_parquet(path))
    return {role: pd.concat(several) for role, several in found.items() if several}


def chosen(development: pd.DataFrame) -> pd.Series:
    """The candidate of the most bars, among these the one whose examples agree most.

    Args:
        development: rows of ``tables.AGREEMENT`` of the worlds of development, of one n.
    """
    levels = development[development["level"] != "item"]
    levels = levels.pivot(index=CANDIDATE, columns="level", values="value")
    reached = sum((levels[level] >= bar).astype(int) for level, bar in BARS.items())
    order = levels.assign(reached=reached).sort_values(["reached", "examples"], ascending=False)
    return order.reset_index().iloc[0]


@drawing
def drawn(by_role: dict[str, pd.DataFrame], n: int = 2) -> Figure:
    """A panel a measure: its value in every cell of every world against the mean effect.

    Cells of which nothing can be memorized by design have no effect and stand at the left.
    """
    cells = pd.concat([found.assign(role=role) for role, found in by_role.items()])
    cells = cells[(cells["n"] == n) & cells["value"].notna()]
    tasks = list(dict.fromkeys(cells["task"].str.removesuffix("-permuted")))
    colors = dict(zip(tasks, ramp(len(tasks)), strict=True))
    markers = dict(zip(ROLES, "sov", strict=True))
    left = cells["effect"].min() - 0.12 * cells["effect"].max()
    figure, axes = on.panels(1, len(SHOWN), 2.6, sharey=True)
    for axis, (title, sides) in zip(axes.flat, SHOWN.items(), strict=True):
        axis.axhline(0, color="0.3", linewidth=0.7)
        axis.axvline(0, color="0.3", linewidth=0.7)
        own = cells[(cells[["corpus_side", "model_side", "held"]] == list(sides)).all(axis=1)]
        for (task, role), found in own.groupby(["task", "role"]):
            color = colors[task.removesuffix("-permuted")]
            known = found[found["effect"].notna()]
            axis.plot(known["effect"], known["value"], markers[role], color=color, markersize=3.5)
            nothing = found[found["effect"].isna()]
            axis.plot([left] * len(nothing), nothing["value"], "x", color=color, markersize=3)
        axis.set_title(title, fontsize="medium")
    axes[0, 1].set_xlabel("effect of the documents on ln P(answer), nats")
    axes[0, 0].set_ylabel(f"measure, n = {n}")
    handles = [
        *(Line2D([], [], color=colors[task], marker="o", linestyle="", label=task)
          for task in tasks),
        *(Line2D([], [], color=GREY, marker=markers[role], linestyle="", label=role)
          for role in by_role),
        Line2D([], [], color=GREY, marker="x", linestyle="", label="nothing, by design"),
    ]  # fmt: skip
    on.below(figure, handles)
    return figure


if __name__ == "__main__":
    by_role = gathered()
    judged = {role: judge(found) for role, found in by_role.items()}
    written = pd.concat([frame.assign(role=role) for role, frame in judged.items()])
    written = written[written["level"] != "item"].drop(columns=["task", "model", "allowed"])
    written.to_csv(KEPT / "agreement.csv", index=False, float_format="%.4g")
    figures.save(drawn(by_role), KEPT / "worlds.png", KEPT / "worlds.pdf")
    best = chosen(judged["development"][judged["development"]["n"] == 2])
    print(best.to_string())
