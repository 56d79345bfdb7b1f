"""The steps that read a document are those whose rows predict one of its tokens."""

import numpy as np
import pytest

from tracemem.models import ladder, order
from tracemem.settings.ladder import RecipeSettings


def read_by_rows(ends, settings, seed, epoch):
    """The same from the rows themselves: of a stream that holds its own places."""
    tokens = np.arange(ends[-1] + 1)
    document_of = np.searchsorted(ends, tokens)
    in_epoch = (len(tokens) - 1) // settings.context - 1
    one_row = settings.model_copy(update={"batch": 1})
    read = set()
    for number in range(epoch * in_epoch, (epoch + 1) * in_epoch):
        (row,) = ladder.rows(tokens, number, one_row, seed)
        read |= {(int(document_of[t]), number // settings.batch) for t in row[1:]}
    return read


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("longest", "context", "batch"), [(5, 16, 3), (60, 8, 4), (300, 32, 1)])
def test_documents_are_read_by_the_rows_that_predict_their_tokens(seed, longest, context, batch):
    generator = np.random.default_rng([seed, longest])
    ends = np.cumsum(generator.integers(1, longest, 80)) - 1
    settings = RecipeSettings(context=context, batch=batch)
    for epoch in (0, 1, 4):
        document, step = order.readings(ends, settings, seed, epoch)
        assert set(zip(document.tolist(), step.tolist(), strict=True)) == read_by_rows(
            ends, settings, seed, epoch
        )
        assert (np.diff(document) >= 0).all()
    first = order.first_steps(ends, settings, seed)
    read = read_by_rows(ends, settings, seed, 0)
    for place, step in enumerate(first.tolist()):
        steps = [at for document, at in read if document == place]
        assert step == min(steps, default=order.NEVER)


def test_a_document_before_the_first_row_is_never_read():
    ends = np.arange(0, 400, 2)
    settings = RecipeSettings(context=64, batch=2)
    first = order.first_steps(ends, settings, 1)
    assert (first == order.NEVER).any() and (first >= 0).any()
