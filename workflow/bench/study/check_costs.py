"""Hold what ``tracemem check`` says against what finished runs took, stage by stage.

    python workflow/bench/study/check_costs.py --study CONFIG... [--study CONFIG...]

Run it where the studies were run. Sizes are those known before a run, so nothing of it is used but
its benchmarks.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.study.gather_rates import taken
from tracemem.commands.check import merged
from tracemem.jobs.files import replacing
from tracemem.study import costs, preflight, rates, sizes
from tracemem.study import planning as jobs

OUTPUT = Path(__file__).resolve().parents[3] / "results" / "costs" / "check.csv"


def held(configs: Sequence[str], known: rates.Rates) -> pd.DataFrame:
    """Predicted and measured core-seconds of each stage of one study.

    Raises:
        ValueError: the run has not as many jobs of each rule as were planned.
    """
    study, _ = preflight.complete(merged(configs), Path(configs[-1]).stem)
    planned = jobs.plan(study, sizes.of(study, earlier=False), known)
    measured = taken(Path(study.results))
    counted = jobs.count(planned)
    found = measured["rule"].value_counts().to_dict()
    if counted != found:
        differ = {rule for rule in {*counted, *found} if counted.get(rule) != found.get(rule)}
        raise ValueError(
            f"{study.results}: found other jobs than planned, of the rules {', '.join(sorted(differ))}; "
            "allowed: a whole run"
        )
    rows = []
    for stage, several in planned.items():
        rules = {job.rule for job in several}
        predicted = sum(costs.seconds(job, known) for job in several)
        seconds = measured.loc[measured["rule"].isin(rules), "core_seconds"].sum()
        rows.append((study.title, stage, len(several), round(predicted, 1), round(seconds, 1)))
    return pd.DataFrame(rows, columns=["study", "stage", "jobs", "predicted", "measured"])


def main() -> None:
    """Check the studies of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--study", nargs="+", required=True, action="append", metavar="CONFIG")
    asked = parser.parse_args()
    known = rates.read()
    with replacing(OUTPUT) as draft:
        pd.concat(held(configs, known) for configs in asked.study).to_csv(draft, index=False)


if __name__ == "__main__":
    main()
