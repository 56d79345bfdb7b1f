"""What every section of the config is: checked, frozen, and typed wherever it goes.

A job gets the keys that decide what it makes as plain values, a rule's params, and makes the same
section of them again; so a key that is changed re-runs what depends on it and nothing else.
"""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Name = Annotated[str, Field(pattern=NAME)]
Part = TypeVar("Part", bound="Section")


def listed(value: Any) -> Any:
    """One value where a list is allowed is a list of one."""
    return [value] if isinstance(value, str | int | float) else value


Texts = Annotated[list[str], BeforeValidator(listed)]


class Section(BaseModel):
    """A section of the config: unknown keys are refused, nothing changes after it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def part(self, kind: type[Part]) -> Part:
        """The keys of a section that this one is made of, as that section."""
        return kind(**{name: getattr(self, name) for name in kind.model_fields})

    def plain(self, kind: "type[Section] | None" = None) -> dict[str, Any]:
        """All keys, or those of a section that this one is made of, as plain values."""
        keys = set((kind or type(self)).model_fields)
        return self.model_dump(mode="json", include=keys)
