"""Every table and figure of the study, wing by wing, from the declarations that stand there."""

from collections.abc import Iterator
from types import ModuleType

from tracemem.corpus import tables as corpus
from tracemem.counterfactual import tables as counterfactual
from tracemem.generation import tables as generation
from tracemem.infgram import tables as infgram
from tracemem.jobs.declared import Table
from tracemem.mining import tables as mining
from tracemem.ngrams import tables as ngrams
from tracemem.report import tables as report
from tracemem.report.tables import FIGURES, Figure
from tracemem.scoring import tables as scoring
from tracemem.tasks import tables as tasks
from tracemem.world import tables as world


def _declared(*wings: ModuleType) -> Iterator[Table]:
    for wing in wings:
        yield from (value for value in vars(wing).values() if isinstance(value, Table))


TABLES = tuple(
    dict.fromkeys(
        _declared(
            corpus,
            tasks,
            ngrams,
            mining,
            infgram,
            generation,
            scoring,
            report,
            world,
            counterfactual,
        )
    )
)
"""Every declared table, in the order of the study."""
MERGED = {table.name: table for table in TABLES if table.merged}
"""Tables that are put together of one part a task, by name."""
REPORTED = {table.name: table for table in TABLES if table.section}
"""Tables that the report shows, by name."""
DRAWN: dict[str, Figure] = {figure.name: figure for figure in FIGURES}
"""Figures by name."""
