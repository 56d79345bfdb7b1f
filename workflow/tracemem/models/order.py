"""The steps of the ladder that read each document of its corpus.

Rows and their order are those of :func:`tracemem.models.ladder.rows`, which a test holds this to;
nothing here imports torch.
"""

import numpy as np
from numpy.typing import NDArray

from tracemem.jobs import draws
from tracemem.settings.ladder import RecipeSettings

NEVER = -1
"""Step of a document that no row holds."""


def readings(
    ends: NDArray[np.int64], settings: RecipeSettings, seed: int, epoch: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every reading of a document in one epoch.

    A row reads a document if it predicts one of its tokens, the end-of-text token among them. A
    document that is cut over rows is read by each of them; one that lies before the first row or
    after the last by none.

    Args:
        ends: int64, [documents], place of each document's end-of-text token in the stream.
        settings: how the ladder is trained.
        seed: of the order of the rows.
        epoch: from 0.

    Returns:
        The document and the step (from 0, through all epochs) of each reading, int64, [readings],
        in the order of the documents.
    """
    context = settings.context
    in_epoch = int(ends[-1]) // context - 1
    offset = draws.below(context, seed, "offset", epoch)
    row = draws.permute(in_epoch, seed, f"rows of epoch {epoch}", np.arange(in_epoch))
    place = np.empty(in_epoch, np.int64)
    place[row] = np.arange(in_epoch)
    # Row r predicts the tokens offset + r * context + 1 to offset + (r + 1) * context.
    starts = np.concatenate([[0], ends[:-1] + 1])
    first = np.maximum((starts - offset - 1) // context, 0)
    last = np.minimum((ends - offset - 1) // context, in_epoch - 1)
    rows = np.maximum(last - first + 1, 0)
    document = np.repeat(np.arange(len(ends)), rows)
    within = np.arange(len(document)) - np.repeat(np.cumsum(rows) - rows, rows)
    step = (epoch * in_epoch + place[first[document] + within]) // settings.batch
    return document, step


def first_steps(ends: NDArray[np.int64], settings: RecipeSettings, seed: int) -> NDArray[np.int64]:
    """The step of the first epoch that first reads each document (int64, [documents]), or NEVER."""
    document, step = readings(ends, settings, seed)
    latest = np.iinfo(np.int64).max
    first = np.full(len(ends), latest)
    np.minimum.at(first, document, step)
    return np.where(first == latest, NEVER, first)
