"""Generated pages say what the code says."""

import pytest

from documents import reference


@pytest.mark.parametrize("path", reference.pages(), ids=lambda path: path.name)
def test_generated_pages_are_up_to_date(path):
    assert path.read_text(encoding="utf-8") == reference.pages()[path], "run: make docs"


def test_every_setting_says_what_it_means():
    schema = reference.Settings.model_json_schema()
    for name, section in {"Settings": schema, **schema["$defs"]}.items():
        for key, field in section.get("properties", {}).items():
            assert field.get("description"), f"{name}.{key} has no description"
