"""Measured rates: what a job of each rule takes, in seconds, memory and disk, by its work.

``rates.csv`` holds them, each with the machine and how it was measured; ``workflow/bench`` has the
command that writes it. A job takes the seconds of its start (Python, imports, small files) and then
so many for every unit of each kind of work. Rates called ``assumed`` nobody has measured.
"""

import csv
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).with_name("rates.csv")
COLUMNS = ("what", "of", "by", "value", "unit", "machine", "how")
START = "start"


@dataclass(frozen=True)
class Rates:
    """All rates: (what, of, by) to a number, and the processors they were measured on."""

    values: Mapping[tuple[str, str, str], float]
    machines: Sequence[str] = ()

    def seconds(self, rule: str, work: Mapping[str, float]) -> float:
        """Core-seconds of one job of a rule.

        Raises:
            KeyError: nobody measured any rule.
        """
        found = self._start("seconds", rule)
        for by, amount in work.items():
            # Forward passes of other models cost what those of the models under study do.
            alike = (
                "generate" if by == "TFLOP" and ("seconds", rule, by) not in self.values else rule
            )
            found += amount * self.values.get(("seconds", alike, by), 0.0)
        return found

    def memory(self, rule: str, work: Mapping[str, float]) -> float:
        """Peak memory of one job of a rule, MB."""
        return self._start("memory", rule) + self._sum("memory", rule, work)

    def disk(self, rule: str, work: Mapping[str, float]) -> float:
        """What one job of a rule leaves on disk, MB."""
        return self._sum("disk", rule, work)

    def _start(self, what: str, rule: str) -> float:
        """What a rule's jobs start with; one that nobody has measured yet is like most others."""
        known = {key[1]: value for key, value in self.values.items() if key[::2] == (what, START)}
        if not known:
            raise KeyError((what, rule, START))
        return known[rule] if rule in known else statistics.median(known.values())

    def _sum(self, what: str, rule: str, work: Mapping[str, float]) -> float:
        return sum(amount * self.values.get((what, rule, by), 0.0) for by, amount in work.items())

    def of(self, what: str, of: str, by: str = "") -> float:
        """One number.

        Raises:
            KeyError: it is not there.
        """
        return self.values[what, of, by]

    def along(self, what: str, of: str, x: float, logarithmic: bool = False) -> float:
        """A quantity measured at several values of x: linear between them.

        Below the smallest x it is what it is there; beyond the largest the last line goes on.

        Raises:
            KeyError: it was never measured.
        """
        known = sorted(
            (float(key[2]), y) for key, y in self.values.items() if key[:2] == (what, of)
        )
        if not known:
            raise KeyError((what, of))
        if x <= known[0][0] or len(known) == 1:
            return known[0][1]
        scale = math.log if logarithmic else float
        last = next((k for k in range(1, len(known)) if x <= known[k][0]), len(known) - 1)
        (x0, y0), (x1, y1) = known[last - 1], known[last]
        return y0 + (y1 - y0) * (scale(x) - scale(x0)) / (scale(x1) - scale(x0))


def read(path: Path | str = PATH) -> Rates:
    """The committed rates, or others in the same form."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    values = {(row["what"], row["of"], row["by"]): float(row["value"]) for row in rows}
    return Rates(values, sorted({row["machine"] for row in rows} - {""}))
