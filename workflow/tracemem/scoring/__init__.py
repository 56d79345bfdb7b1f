"""From counts and probabilities to memorization, performance, novelty and verdicts."""
