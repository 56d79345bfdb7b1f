"""Find the interval of checkpoints in which each document was trained on."""

from pathlib import Path

import numpy as np

from tracemem.corpus.tables import MANIFEST
from tracemem.counterfactual.tables import CHECKPOINTS
from tracemem.counterfactual.timing import ends_of, intervals
from tracemem.jobs import files
from tracemem.jobs.joblog import job_log
from tracemem.models.order import first_steps
from tracemem.settings.ladder import RecipeSettings

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        source, output, timing = snakemake.input, snakemake.output, snakemake.params.timing
        documents = int(files.read(MANIFEST, source.manifest)["documents"].sum())
        if "ladder" in timing:
            folders = Path(source.model[0]).glob("step*")
            done = sorted(int(folder.name.removeprefix("step")) for folder in folders)
            ends = ends_of(files.read_array(source.tokens, mapped=True), documents)
            recipe = RecipeSettings(**timing["ladder"])
            if len(done) < recipe.checkpoints:
                raise ValueError(
                    f"ladder.checkpoints: found {recipe.checkpoints}; allowed: at most {done[-1]}, "
                    "the steps of the training"
                )
            steps = first_steps(ends, recipe, timing["seed"])
        else:
            done = timing["checkpoints"]
            steps = np.arange(documents) // timing["records_a_step"]
        files.write_array(intervals(steps, np.array(done)), output.intervals)
        numbered = {"checkpoint": range(1, len(done) + 1), "step": done}
        files.write(CHECKPOINTS, numbered, output.checkpoints)
