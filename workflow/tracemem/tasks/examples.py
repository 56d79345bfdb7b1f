"""One example of a task, before it is a row of a table."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Example:
    """An example as its file gives it; ``place`` is where that is."""

    place: str
    input: str
    target: str
    aliases: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    group: str = ""
