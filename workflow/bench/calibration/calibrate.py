"""What the measures say where it is known what they must say: of nothing, and of so much recall.

    python workflow/bench/calibration/calibrate.py

Reads the kept cells of ``results/worlds`` and ``results/validity``, and draws items of every kind of
task (``scoring/simulating.py``). Writes to ``results/calibration``: ``nothing.csv``, ``dial.csv``,
``power.csv`` and the figure of the last two.
"""

import itertools

import numpy as np
import pandas as pd
import scipy.stats

from bench.worlds.judge_worlds import gathered
from bench.worlds.run_worlds import ROOT
from tracemem.report import figures
from tracemem.report.figures import axes as on
from tracemem.report.figures.style import drawing, ramp
from tracemem.scoring import designs, simulating, statistics

FOLDER = ROOT / "results" / "calibration"
MEASURES = {
    "published Mem": ("published", "log-probability", "nothing"),
    "Mem given frequency": ("published", "log-probability", "frequency"),
    "keyed Mem": ("key", "log-probability", "frequency"),
    "contrastive Mem": ("strongest", "contrast", "prior"),
}
RECALL = [step / 10 for step in range(11)]
EFFECTS = (0.1, 0.2, 0.3)
EXAMPLES = (100, 200, 300, 500, 1000, 2000)
DRAWS = 200
OF_DIAL = 300  # test examples, as in the generated worlds


def of_nothing() -> pd.DataFrame:
    """Each measure in the cells where nothing is memorized, by why that is known, task and n."""
    cells = pd.concat(gathered().values())
    cells = cells[cells["null"] & cells["value"].notna()]
    permuted = cells["task"].str.endswith("-permuted")
    why = np.where(permuted, "permuted answers", "no effect above zero")
    stranger = cells["model"].str.endswith("-stranger")
    cells = cells.assign(
        why=np.where(stranger, "model of another world", why),
        task=cells["task"].str.removesuffix("-permuted"),
        within=cells["value"].abs() <= cells["bound"],
    )
    rows = []
    for measure, names in MEASURES.items():
        sides = ["corpus_side", "model_side", "held"]
        own = cells[(cells[sides] == list(names)).all(axis=1)]
        for (why, task, n), found in own.groupby(["why", "task", "n"], sort=False):
            low, high = statistics.wilson(int(found["within"].sum()), len(found))
            values = found["value"]
            rows.append(
                {
                    "measure": measure, "why": why, "task": task, "n": n, "cells": len(found),
                    "mean": values.mean(), "least": values.min(), "most": values.max(),
                    "bound": found["bound"].median(), "within": found["within"].mean(),
                    "ci_low": low, "ci_high": high,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def of_dials() -> pd.DataFrame:
    """Simulated models from pure rule (0) to pure recall (1): what two measures make of them."""
    rows = []
    for kind, design in designs.read().items():
        found = {"contrastive Mem": [], "without contrast or control": []}
        for number in range(DRAWS):
            models = simulating.draw(design, OF_DIAL, RECALL, seed=(1, number))
            found["contrastive Mem"].append([simulating.measure(items).value for items in models])
            found["without contrast or control"].append(
                [scipy.stats.spearmanr(items["corpus"], items["model"])[0] for items in models]
            )
        for measure, values in found.items():
            by_recall = np.array(values)
            low, high = np.quantile(by_recall, [0.025, 0.975], axis=0)
            rows += [
                {"kind": kind, "measure": measure, "recall": share, "mean": mean,
                 "low": least, "high": most}
                for share, mean, least, most in zip(
                    RECALL, by_recall.mean(axis=0), low, high, strict=True
                )
            ]  # fmt: skip
    return pd.DataFrame(rows)


def of_power() -> pd.DataFrame:
    """How often so large a value is found among so many examples; of 0, the false positives."""
    rows = []
    for (kind, design), examples in itertools.product(designs.read().items(), EXAMPLES):
        for effect in (0.0, *EFFECTS):
            found = simulating.power(design, examples, effect, draws=DRAWS)
            rows.append({"kind": kind, "examples": examples, "effect": effect, "found": found})
    return pd.DataFrame(rows)


@drawing
def drawn(dials: pd.DataFrame, power: pd.DataFrame):
    """A panel a kind of task: above, values by dial; below, how often effects are found."""
    kinds = list(dict.fromkeys(dials["kind"]))
    figure, axes = on.panels(2, len(kinds), 1.9, sharey="row")
    colors = dict(zip((*EFFECTS, 0.0), [*ramp(len(EFFECTS)), (0.6, 0.6, 0.6)], strict=True))
    for column, kind in enumerate(kinds):
        axis, below = axes[:, column]
        for (measure, rows), color in zip(
            dials[dials["kind"] == kind].groupby("measure", sort=False),
            (ramp(3)[-1], (0.6, 0.6, 0.6)), strict=True,
        ):  # fmt: skip
            axis.plot(rows["recall"], rows["mean"], color=color, label=measure)
            axis.fill_between(rows["recall"], rows["low"], rows["high"], color=color, alpha=0.2)
        axis.axhline(0, color="0.3", linewidth=0.7)
        axis.set_title(kind.replace("-", " "), fontsize="medium")
        axis.set_xlabel("recall")
        for effect, rows in power[power["kind"] == kind].groupby("effect"):
            below.plot(rows["examples"], rows["found"], "o-", color=colors[effect], markersize=3,
                       label="nothing" if effect == 0 else f"a value of {effect:g}")  # fmt: skip
        below.axhline(designs.POWER, color="0.3", linewidth=0.7, linestyle="--")
        below.set_xscale("log")
        below.set_xticks([100, 300, 1000], ["100", "300", "1k"])
        below.minorticks_off()
        below.set_xlabel("test examples")
    axes[0, 0].set_ylabel("value")
    axes[1, 0].set_ylabel("share found, level .05")
    handles = [*axes[0, 0].get_lines()[:2], *reversed(axes[1, 0].get_lines()[:4])]
    on.below(figure, handles)
    return figure


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    dials, power = of_dials(), of_power()
    for name, table in (("nothing", of_nothing()), ("dial", dials), ("power", power)):
        table.to_csv(FOLDER / f"{name}.csv", index=False, float_format="%.4g")
    figures.save(drawn(dials, power), FOLDER / "calibration.png", FOLDER / "calibration.pdf")
