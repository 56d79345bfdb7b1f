"""Run the study of validity in other worlds, and keep the cells of each as it is done.

    python workflow/bench/worlds/run_worlds.py [WORLD...]

Without names, every world of worlds.yaml. A world whose cells are kept is passed over, one that was
killed goes on where it stood; ``results/worlds-data/WORLD`` can go when a world is done.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from tracemem.counterfactual.judging import cells
from tracemem.counterfactual.tables import AGREEMENT, CANDIDATES, COUNTERFACTUAL, EFFECTS
from tracemem.jobs import files
from tracemem.settings import study as settings
from tracemem.study.study import Study

ROOT = Path(__file__).resolve().parents[3]
WORLDS = Path(__file__).with_name("worlds.yaml")
KEPT = ROOT / "results" / "worlds"
ROLES = ("development", "confirmation", "shapes")


def listed() -> dict:
    """worlds.yaml."""
    return yaml.safe_load(WORLDS.read_text(encoding="utf-8"))


def worlds() -> Iterator[tuple[str, str, dict]]:
    """Role, name and keys of every world."""
    for role in ROLES:
        for name, keys in listed()[role].items():
            yield role, name, keys


def config(name: str, keys: dict) -> dict:
    """The config of one world's study."""
    asked = listed()
    study = yaml.safe_load((ROOT / asked["study"]).read_text(encoding="utf-8"))
    sizes = {size: study["ladder"]["sizes"][size] for size in asked["sizes"]}
    return {
        **study,
        "title": f"{study['title']}: {name}",
        "results": f"results/worlds-data/{name}",
        "seed": keys["seed"],
        "world": {**study["world"], **keys},
        "ladder": {**study["ladder"], "sizes": sizes},
        "counterfactual": {"subsets": asked["subsets"]},
    }


def run(name: str, keys: dict) -> None:
    """The study of one world, and its cells.

    Raises:
        subprocess.CalledProcessError: its jobs failed; what they said stands above.
    """
    made = config(name, keys)
    folder = ROOT / made["results"]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")
    asked = [f"{made['results']}/{table.path}" for table in (AGREEMENT, COUNTERFACTUAL)]
    command = [sys.executable, "-m", "snakemake", *asked, "--cores", "all",
               "--workflow-profile", "none", "--rerun-incomplete", "--logger", "tracemem",
               "--configfile", str(path)]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True)
    effects = files.read(EFFECTS, folder / EFFECTS.path)
    nothing = Study(settings.load(made)).nothing_memorized
    found = cells(files.read(CANDIDATES, folder / CANDIDATES.path), effects, nothing)
    KEPT.mkdir(exist_ok=True)
    found.assign(world=name).to_parquet(KEPT / f"{name}.parquet", index=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("world", nargs="*", help="names in worlds.yaml; all without any")
    chosen = parser.parse_args().world
    known = {name: keys for _, name, keys in worlds()}
    for name in chosen or known:
        if name not in known:
            parser.error(f"world: found {name}; allowed: {', '.join(known)}")
        if not (KEPT / f"{name}.parquet").exists():
            run(name, known[name])
