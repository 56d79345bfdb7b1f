"""What a table is: where it lies, what it holds, its columns, where in the report it stands.

Tables are declared one module a wing, ``tables.py``; whoever writes or reads one names its
declaration. Nothing here imports more than the standard library: the rules read it in every job.
"""

from collections.abc import Mapping
from dataclasses import dataclass

I8, I32, I64, F32, F64, TEXT = "int8", "int32", "int64", "float32", "float64", "string"
TEXTS, I32S, I64S, F32S, F64S = (f"list<{kind}>" for kind in (TEXT, I32, I64, F32, F64))


@dataclass(frozen=True, eq=False)
class Table:
    """One table at rest.

    Attributes:
        path: under the study's folder, with what tells one file of it from another in braces.
        meaning: what it holds.
        columns: type (of Arrow) and meaning, with units, by name.
        needs: what of the study there must be for the table to be there, as attributes of
            ``study.study.Study``.
        of: the attribute of ``Study`` that lists the tasks of which it has a part or a file.
        merged: whether it is put together of one part a task.
        family: columns that tell one family of tests from another, where p-values are corrected for
            their number once the parts stand together; else none.
        section: section of the report that shows it; '' for none.
        title: heading there.
        missing: what the report says where there is no such table or no row in it.
    """

    path: str
    meaning: str
    columns: Mapping[str, tuple[str, str]]
    needs: tuple[str, ...] = ()
    of: str = "tasks"
    merged: bool = False
    family: tuple[str, ...] = ()
    section: str = ""
    title: str = ""
    missing: str = ""

    @property
    def name(self) -> str:
        """The file's name without folder and ending; of a table of many files the folder's."""
        known = [part for part in self.path.partition(".")[0].split("/") if "{" not in part]
        return known[-1]

    @property
    def part(self) -> str:
        """Path of one part, that of ``{task}``."""
        return f"{self.path.rpartition('.')[0]}/{{task}}.parquet"


PAIR = {
    "input_gram": (TEXT, "s_x: n-gram of the input, words joined by one space"),
    "output_gram": (TEXT, "s_y: n-gram of the target, or the whole target"),
}
PAIR_COLUMNS = list(PAIR)
"""What tells one pair from another."""
SERIES = {
    "task": (TEXT, "task name"),
    "model": (TEXT, "model name"),
    "parameters": (I64, "parameters of the model"),
}
REASON = {"reason": (TEXT, "why there is no value, or no interval; empty where both are there")}
INTERVAL = {
    "value": (F64, "the statistic"),
    "ci_low": (
        F64,
        "lower end of the 95 % interval: of a correlation clustered by example and s_y, of a "
        "proportion Wilson's, else bootstrap over examples",
    ),
    "ci_high": (F64, "upper end of the same interval"),
    **REASON,
}
TOKENS = {
    "token_ids": (I32S, "tokens of the gold target, in the model's vocabulary"),
    "token_starts": (I32S, "first character of each token in the target"),
    "token_ends": (I32S, "character after each token in the target"),
}
