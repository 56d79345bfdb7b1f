"""How likely a model finds the target of each example: ln P_LLM(y given x), whatever it writes."""

import pandas as pd

from tracemem.models import encoding
from tracemem.models.engines import Engine


def log_probabilities(engine: Engine, questions: pd.DataFrame) -> pd.DataFrame:
    """Ln P(y given x) of every example, summed over the tokens of its target.

    Args:
        engine: a loaded model.
        questions: example, prompt and target.

    Returns:
        Columns example, tokens (those scored: a target beyond the context is cut) and
        log_probability (float64, nats).
    """
    found = [
        encoding.fit(
            engine.tokenizer,
            encoding.encode(engine.tokenizer, prompt, target),
            engine.context_length - 1,
        )
        for prompt, target in zip(questions["prompt"], questions["target"], strict=True)
    ]
    scored = engine.score([one.prompt_ids for one in found], [[one.target_ids] for one in found])
    return pd.DataFrame(
        {
            "example": questions["example"].to_numpy(),
            "tokens": [len(one.target_ids) for one in found],
            "log_probability": [float(each.sum(dtype="float64")) for (each,) in scored],
        }
    )
