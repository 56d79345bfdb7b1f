"""Whether two folders of results hold the same: every table, byte by byte or else column by column.

    python workflow/documents/compare_results.py BEFORE AFTER [--except PATH:COLUMN ...]

Every CSV and Parquet file of BEFORE is looked for in AFTER. Files of the same bytes are the same. Of
others it is told which rows and columns differ, or that only columns were added or taken away. Files
that are in AFTER alone are new and listed. The exit status is 1 where a value differs or is lost.
"""

import argparse
import filecmp
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

_ENDINGS = (".csv", ".parquet")


def tables(folder: Path) -> dict[str, Path]:
    """Every table of a folder of results by its path in it; no log and no benchmark."""
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in _ENDINGS)
    return {
        str(path.relative_to(folder)): path
        for path in found
        if path.relative_to(folder).parts[0] not in ("logs", "benchmarks")
    }


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    return pd.read_parquet(path)


def differences(before: Path, after: Path) -> Iterator[str]:
    """What differs between two tables that are not of the same bytes, a line each."""
    old, new = _read(before), _read(after)
    for name in old:
        if name not in new:
            yield f"column {name} is gone"
    for name in new:
        if name not in old:
            yield f"column {name} is new"
    shared = list(old.columns.intersection(new.columns))
    rows, others = (sorted(map(repr, f[shared].to_numpy().tolist())) for f in (old, new))
    if rows == others:
        if len(shared) == len(old.columns) == len(new.columns):
            yield "order: the same rows in another order"
        return
    if len(old) != len(new):
        yield f"{len(old)} rows before, {len(new)} after"
        return
    for name in shared:
        one, other = (frame[name].map(repr).to_numpy() for frame in (old, new))
        rows = (one != other).nonzero()[0]
        if len(rows):
            was, now = one[rows[0]], other[rows[0]]
            yield f"{name}: {len(rows)} of {len(old)} rows differ, the first: {was} is now {now}"


def joined(folder: Path, parts: list[Path], after: Path) -> bool:
    """Whether the parts of a folder, one after another, are the table that now bears its name."""
    whole = after / f"{folder}.parquet"
    if not folder.name or not whole.exists():
        return False
    old = pd.concat([_read(part) for part in parts]).map(repr).to_numpy().tolist()
    return sorted(old) == sorted(_read(whole).map(repr).to_numpy().tolist())


def main() -> None:
    """Compare as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--except", dest="known", nargs="*", default=[], metavar="PATH:COLUMN",
                        help="differences that are meant, such as scores/claims.csv:numbers")  # fmt: skip
    asked = parser.parse_args()
    old, new = tables(asked.before), tables(asked.after)
    if not old:
        sys.exit(f"{asked.before}: no table there")
    same, wrong = 0, 0
    lost: dict[Path, list[Path]] = {}
    for name, path in old.items():
        if name not in new:
            lost.setdefault(Path(name).parent, []).append(path)
        elif filecmp.cmp(path, new[name], shallow=False):
            same += 1
        else:
            for line in differences(path, new[name]):
                meant = any(
                    name == place and column in line.split(":")[0].split()
                    for place, _, column in (known.rpartition(":") for known in asked.known)
                )
                print(f"{'meant' if meant else 'DIFFERS'}: {name}: {line}")
                wrong += not meant
    for folder, parts in lost.items():
        whole = joined(folder, parts, asked.after)
        names = ", ".join(str(folder / part.name) for part in parts)
        print(f"joined into {folder}.parquet: {names}" if whole else f"LOST: {names}")
        wrong += 0 if whole else len(parts)
    for name in sorted(new.keys() - old.keys()):
        print(f"new: {name}")
    print(f"{same} of {len(old)} tables have the same bytes; {wrong} differences")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
