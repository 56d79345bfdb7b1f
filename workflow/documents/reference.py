"""The reference pages that are generated from the code: tables, settings and their JSON schema.

``python workflow/documents/reference.py`` (``make docs``) writes them, and the results of
real-mini into their page; a test holds them to code and results. After a ``make demo`` it also puts
the demo's results into the README.
"""

import json
import shutil
from pathlib import Path

from pydantic import BaseModel

from documents import pages as results
from tracemem.report.products import TABLES
from tracemem.settings.study import Settings

ROOT = Path(__file__).resolve().parents[2]
MARK = "<!-- generated below this line: make docs -->\n"
_BAR = r"\|"  # within a cell of a table
DEMO = ROOT / "results" / "demo"
DEMO_MARK = "<!-- generated below this line: make demo docs -->\n"
REAL_MINI = ROOT / "results" / "real-mini"


def tables_page() -> str:
    """docs/tables.md: every declared table with its columns."""
    lines = [
        "# Tables",
        "",
        "Every table that two stages share, under the study's results folder. Log-probabilities "
        "are natural logarithms (nats); intervals are 95 %.",
    ]
    for table in TABLES:
        lines += ["", f"## `{table.path}`", "", table.meaning, "", "| column | type | meaning |"]
        lines += ["| --- | --- | --- |"]
        lines += [
            f"| `{name}` | {_type(kind)} | {meaning} |"
            for name, (kind, meaning) in table.columns.items()
        ]
    return "\n".join(lines) + "\n"


def _type(kind: str) -> str:
    # A list's own word, list<string>, is an HTML tag to some readers of Markdown.
    return kind.replace("list<", "list of ").removesuffix(">")


def _kind(field: dict) -> str:
    if "$ref" in field:
        return f"see `{field['$ref'].rpartition('/')[2]}`"
    if "enum" in field:
        return " or ".join(f"`{value}`" if value != "" else "empty" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        return " or ".join(_kind(choice) for choice in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_kind(field['items'])}" if field.get("items") else "list"
    if field.get("type") == "object":
        inner: dict | bool = field.get("additionalProperties") or next(
            iter(field.get("patternProperties", {}).values()), {}
        )
        return f"mapping to {_kind(inner)}" if isinstance(inner, dict) else "mapping"
    bounds = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = [f"{sign} {field[bound]}" for bound, sign in bounds.items() if bound in field]
    return " ".join([field.get("type", "any"), *limits])


def _section(name: str, schema: dict) -> list[str]:
    lines = ["", f"### {name}", "", schema.get("description", "").split("\n")[0], ""]
    lines += ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for key, field in schema["properties"].items():
        if key in schema.get("required", []):
            default = "required"
        else:
            # A default that is a section of its own is told in that section's table.
            value = field.get("default")
            default = "" if isinstance(value, dict) else f"`{json.dumps(value)}`"
        cells = [f"`{key}`", _kind(field), default, field.get("description", "")]
        lines.append(f"| {' | '.join(cell.replace('|', _BAR) for cell in cells)} |")
    return lines


def config_tables(settings: type[BaseModel] = Settings) -> str:
    """The generated part of config/README.md: every key, section by section."""
    schema = settings.model_json_schema()
    lines = _section("The study", schema)
    for name, section in schema["$defs"].items():
        if "properties" in section:
            lines += _section(name, section)
    return "\n".join(lines) + "\n"


def config_page(page: str) -> str:
    """config/README.md with its generated part made anew."""
    return page.split(MARK)[0] + MARK + config_tables()


def schema_file() -> str:
    """config/schema.json, for editors."""
    return json.dumps(Settings.model_json_schema(), indent=2) + "\n"


def pages() -> dict[Path, str]:
    """Every generated file and what it must hold."""
    readme = ROOT / "config" / "README.md"
    real_mini = ROOT / "docs" / "real-mini.md"
    costs = ROOT / "docs" / "costs.md"
    embedders = ROOT / "docs" / "embedders.md"
    validity = ROOT / "docs" / "validity.md"
    calibration = ROOT / "docs" / "calibration.md"
    return {
        calibration: results.calibration(
            calibration.read_text(encoding="utf-8"), MARK, ROOT / "results" / "calibration"
        ),
        validity: results.validity(validity.read_text(encoding="utf-8"), MARK, ROOT / "results"),
        ROOT / "docs" / "tables.md": tables_page(),
        ROOT / "config" / "schema.json": schema_file(),
        readme: config_page(readme.read_text(encoding="utf-8")),
        real_mini: results.real_mini(real_mini.read_text(encoding="utf-8"), MARK, REAL_MINI),
        costs: results.costs(costs.read_text(encoding="utf-8"), MARK, ROOT),
        embedders: results.embedders(
            embedders.read_text(encoding="utf-8"), MARK, ROOT / "results" / "embedders"
        ),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    if (DEMO / "report.html").is_file():
        readme = ROOT / "README.md"
        page = results.demo(readme.read_text(encoding="utf-8"), DEMO_MARK, DEMO)
        readme.write_text(page, encoding="utf-8")
        shutil.copy(DEMO / "figures" / "memorization.png", ROOT / "docs" / "demo.png")
