"""Whose scores they are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """A task, a model and its number of parameters."""

    task: str
    model: str
    parameters: int
