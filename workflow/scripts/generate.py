"""Run one model over all tasks: what it writes, and the probability of what it should write.

The job goes on in the Python that the config names for models: vLLM pins versions of its own and
has an environment to itself.
"""

import json
import os
import sys

from tracemem.generation import answering
from tracemem.jobs import source

# The library alone is lent to that Python: beside it may lie packages that are not its own.
LENT = """
import importlib.util, json, sys
folder, module, job = sys.argv[1:]
spec = importlib.util.spec_from_file_location("tracemem", folder + "/__init__.py")
sys.modules["tracemem"] = importlib.util.module_from_spec(spec)
importlib.import_module(module).main(json.loads(job))
"""

if __name__ == "__main__":
    params = snakemake.params
    job = {
        "model": params.model,
        "tasks": params.tasks,
        "chunk": params.chunk,
        "examples": list(snakemake.input.examples),
        "prompts": list(snakemake.input.prompts),
        "neighbours": list(snakemake.input.neighbours),
        "output": snakemake.output[0],
        "log": snakemake.log[0],
    }
    python = params.python or sys.executable
    # In place of this process, so that signals, exit status and measurements are the job's own.
    given = [str(source.PACKAGE), answering.__name__, json.dumps(job)]
    os.execvp(python, [python, "-c", LENT, *given])
