"""The report: its words follow the numbers, it opens offline, and it copes with any subset."""

import html.parser
import math
import re

import pandas as pd
import pytest

from tracemem.jobs import files
from tracemem.report import findings
from tracemem.report import page as report
from tracemem.report.products import REPORTED
from tracemem.report.tables import FIGURE

SIZES = {"small": 91_000, "middle": 231_000, "large": 857_000}
# Numbers of a trial on questions: the measures by size, and the truth.
TRIAL = {
    findings.MEM: (0.40, 0.42, 0.24),
    findings.FREQUENCY: (0.79, 0.81, 0.37),
    findings.PARTIAL: (0.01, 0.03, 0.07),
    findings.CONTRASTIVE: (0.02, 0.08, 0.40),
    findings.INFGRAM: (0.30, 0.31, 0.32),
    findings.TRUTH: (0.02, 0.07, 0.41),
}
SCORES = (0.02, 0.02, 0.15)


def study_frames(
    measures=TRIAL, scores=SCORES, task="questions", n=2, half=0.04, sizes=SIZES
) -> dict[str, pd.DataFrame]:
    """Tables of one task whose every interval is the value give or take ``half``."""
    rows: dict[str, list[dict]] = {"memorization": [], "controls": [], "performance": []}
    for place, (model, parameters) in enumerate(sizes.items()):
        series = {"task": task, "model": model, "parameters": parameters}
        for (_, table, measure, statistic), values in measures.items():
            value = values[place]
            rows[table].append(
                {
                    **({"skipped_tokens": 5} if table == "memorization" else {}),
                    **series, "n": n, "measure": measure, "statistic": statistic,
                    "value": value, "ci_low": value - half, "ci_high": value + half,
                    "p_value": 0.01, "p_permutation": 0.02, "p_holm": 0.04,
                    "items": 900 + place, "examples": 400, "dropped": 100,
                    "dropped_zero_count": 60, "dropped_zero_denominator": 25,
                    "dropped_no_span": 15, "dropped_no_neighbour": 0,
                    "dropped_zero_infgram": 0,
                }
            )  # fmt: skip
        rows["performance"].append(
            {
                **series, "group": "", "metric": "exact-match", "value": scores[place],
                "ci_low": scores[place] - half / 4, "ci_high": scores[place] + half / 4,
                "examples": 400, "signature": "any alias",
            }
        )  # fmt: skip
    return {name: pd.DataFrame(found) for name, found in rows.items() if found}


def other_frames() -> dict[str, pd.DataFrame]:
    series = {"task": "questions", "model": "large", "parameters": 857_000, "n": 2}
    interval = {"ci_low": 0.1, "ci_high": 0.3}
    bins = [(0, 0, 0, 0.02), (1, 1, 9, 0.3), (2, 10, 4321, 0.6)]
    return {
        "manifest": pd.DataFrame(
            {
                "shard": ["a", "b"], "path": ["a.jsonl.zst", "b.jsonl.zst"],
                "documents": [1000, 234], "skipped": [0, 3], "bytes": [4000, 5000],
                "text_bytes": [1_500_000, 1_000_000], "sha256": ["ab" * 32, "cd" * 32],
            }
        ),
        "support": pd.DataFrame(
            [
                {
                    **series, "bin": number, "support_low": low, "support_high": high,
                    "group": "", "metric": "exact-match", "value": value, "ci_low": value - 0.01,
                    "ci_high": value + 0.01, "examples": 77,
                }
                for number, low, high, value in bins
            ]
        ),
        "variants": pd.DataFrame(
            [
                {
                    **series, **interval, "unit": "answer", "aggregation": "mean",
                    "denominator": "occurrences", "statistic": "spearman", "value": 0.21,
                    "p_value": 0.1, "p_permutation": 0.2, "p_holm": 0.3, "items": 9,
                    "examples": 8, "dropped": 0, "dropped_zero_count": 0,
                    "dropped_zero_denominator": 0, "dropped_no_span": 0,
                    "dropped_no_neighbour": 0, "dropped_zero_infgram": 0,
                }
            ]
        ),
        "novelty": pd.DataFrame(
            [{**series, **interval, "generated_pairs": 1000, "novel_pairs": 200, "share": 0.2,
              "examples": 55, "correct_pairs": 0, "novel_correct_pairs": 0,
              "correct_share": math.nan, "correct_ci_low": math.nan, "correct_ci_high": math.nan,
              "correct_reason": "nothing correct"}]
        ),
        "alignment": pd.DataFrame(
            [{"task": "questions", "n": 2, "gamma": 0.75, "candidates": 9000, "in_corpus": 4000,
              "kept": 2000, "non_zero": 1500, "precision": 0.875, "recall": math.nan, "reason": ""}]
        ),
        "thresholds": pd.DataFrame(
            [{**series, **interval, "gamma": 0.75, "value": 0.23, "items": 123, "examples": 99,
              "dropped": 4}]
        ),
        "claims": pd.DataFrame(
            {
                "claim": ["C1", "C2", "C8"], "statement": ["Mem_3 > Mem_inf", "b", "c"],
                "verdict": ["holds", "cannot tell", "fails"], "numbers": ["0.4 > 0.3", "", "x"],
            }
        ),
    }  # fmt: skip


STUDY = report.Study(
    "A closed world", {"seed": 7, "tasks": {"questions": {"n": [2]}}}, {"python": "3.11"},
    [("the whole study", "make demo")], dict.fromkeys(SIZES, "ladder"),
)  # fmt: skip


class Page(html.parser.HTMLParser):
    """Links, sources and text of a page; fails on tags that do not close."""

    VOID = ("meta", "img", "br")

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.links, self.sources, self.words, self.open = [], [], [], [], []
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name == "href":
                self.links.append(value)
            if name == "src":
                self.sources.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


def page(tmp_path, frames, figures=None, study=STUDY) -> tuple[str, Page]:
    report.write(tmp_path / "report.html", study, frames, figures or {})
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    return written, Page(written)


def readings(frames, task="questions", n=2) -> dict[str, str]:
    return dict(findings.Findings(frames, {}).readings(task, n))


def point(value, half=0.05, model="m"):
    return findings.Point(model, value, value - half, value + half)


@pytest.mark.parametrize(
    ("values", "starts"),
    [
        ((0.1, 0.3, 0.5), "rises from 0.10"),
        ((0.5, 0.3, 0.1), "falls from 0.50"),
        ((0.30, 0.31, 0.32), "goes from 0.30"),
        ((0.5,), "is 0.50"),
    ],
)
def test_movement_is_judged_by_the_intervals_of_both_ends(values, starts):
    series = {str(place): point(value) for place, value in enumerate(values)}
    assert findings.movement(series).startswith(starts)


def test_overlapping_intervals_leave_the_change_open_and_an_extreme_between_is_named():
    flat = findings.movement({"a": point(0.3, model="1k"), "b": point(0.35, model="2k")})
    assert "overlap, so a change is not settled" in flat
    middle = findings.movement(
        {"a": point(0.1, model="1k"), "b": point(0.6, model="2k"), "c": point(0.1, model="4k")}
    )
    assert "is highest, 0.60 [0.55, 0.65], at 2k" in middle
    unknown = findings.Point("m", 0.3, math.nan, math.nan)
    assert "without intervals" in findings.movement({"a": unknown, "b": point(0.9)})


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.01, 0.2, "above zero"),
        (-0.2, -0.01, "below zero"),
        (-0.1, 0.1, "not told apart from zero"),
        (math.nan, math.nan, "without an interval"),
    ],
)
def test_sign_reads_the_interval(low, high, words):
    assert findings.sign(findings.Point("m", 0.0, low, high)) == words


def test_the_trial_reads_as_frequency_and_the_keyed_measure_as_the_truth():
    said = readings(study_frames())
    assert "Falls from 0.40" in said["Mem as published"]
    assert "by itself it does not read recall" in said["Mem as published"]
    assert "higher than Mem at 3 of 3 models" in said["log C(s_y) alone"]
    assert "A preference for frequent answers is enough" in said["log C(s_y) alone"]
    assert "takes Mem from 0.24 to 0.07" in said["Partial Mem, per pair"]
    assert "Rises from 0.02" in said["Contrastive Mem"]
    assert "it is above zero" in said["Contrastive Mem"]
    truth = said["Truth, P(answer given entity)"]
    assert "The nearest is contrastive Mem" in truth
    # (|.02-.02| + |.08-.07| + |.40-.41|) / 3 and (.38 + .35 + .17) / 3
    assert "contrastive Mem 0.01" in truth
    assert "Mem, published 0.30" in truth


def test_opposite_numbers_give_the_opposite_words():
    turned = {
        findings.MEM: (0.02, 0.2, 0.5),
        findings.FREQUENCY: (0.01, 0.05, 0.1),
        findings.PARTIAL: (0.02, 0.2, 0.45),
        findings.CONTRASTIVE: (0.3, 0.1, -0.3),
        findings.TRUTH: (0.02, 0.2, 0.5),
    }
    said = readings(study_frames(turned))
    assert "Rises from 0.02" in said["Mem as published"]
    assert "So it is higher where the task is done better" in said["Mem as published"]
    assert "does not read recall" not in said["Mem as published"]
    assert "higher than Mem at 0 of 3 models" in said["log C(s_y) alone"]
    assert "does not account for Mem by itself" in said["log C(s_y) alone"]
    assert "it is below zero" in said["Contrastive Mem"]
    assert "The nearest is Mem, published" in said["Truth, P(answer given entity)"]


def test_an_interval_that_includes_zero_is_never_an_absence(tmp_path):
    nothing = dict.fromkeys(TRIAL, (0.01, 0.02, -0.01))
    said = readings(study_frames(nothing))
    assert "settles neither memory of the pairs nor its absence" in said["Contrastive Mem"]
    assert "between −0.05 and 0.03" in said["Contrastive Mem"]
    written, _ = page(tmp_path, study_frames(nothing))
    assert "no memorization" not in written.lower()


def test_where_models_perform_alike_mem_is_not_set_against_performance():
    said = readings(study_frames(scores=(0.02, 0.02, 0.025)))
    assert "cannot be set against performance" in said["Mem as published"]


def test_novelty_of_what_is_wrong_is_told_as_such():
    """What is written is ever less novel, what is correct of it ever more."""
    shares = {"share": (0.9, 0.8, 0.7), "correct_share": (math.nan, 0.5, 0.8)}
    novelty = pd.DataFrame(
        [
            {"task": "questions", "n": 2, "model": model, "parameters": size, "reason": "",
             "correct_reason": "nothing correct" if place == 0 else "",
             **{column: values[place] for column, values in shares.items()},
             **{f"{prefix}ci_{end}": shares[f"{prefix}share"][place] + by
                for prefix in ("", "correct_") for end, by in (("low", -0.01), ("high", 0.01))}}
            for place, (model, size) in enumerate(SIZES.items())
        ]
    )  # fmt: skip
    said = readings({**study_frames(), "novelty": novelty})
    assert "Falls from 0.90" in said["Novelty, share of pairs"]
    assert "what is wrong counts as novel here" in said["Novelty, share of pairs"]
    assert "Rises from 0.50" in said["Novelty of correct output"]
    assert "nothing correct" in said["Novelty of correct output"]
    grown = novelty.assign(share=novelty["share"] - 0.5, ci_high=novelty["ci_high"] - 0.5)
    grown.loc[2, ["share", "ci_low", "ci_high"]] = 0.9, 0.89, 0.91
    alike = readings({**study_frames(), "novelty": grown})
    assert "counts as novel" not in alike["Novelty, share of pairs"]


def test_without_a_truth_the_report_says_so():
    measures = {key: value for key, value in TRIAL.items() if key != findings.TRUTH}
    assert "Not known for this task" in readings(study_frames(measures))["Truth"]


def test_controls_that_do_not_depend_on_n_are_found_at_n_zero():
    frames = study_frames()
    truth = frames["controls"]["measure"] == "truth-probability"
    frames["controls"].loc[truth, "n"] = 0
    assert "Truth, P(answer given entity)" in readings(frames)


def test_words_follow_the_largest_family_and_tables_hold_all(tmp_path):
    sizes = {**SIZES, "tuned": 900_000}
    measures = {key: (*value, -0.9) for key, value in TRIAL.items()}
    frames = study_frames(measures, (*SCORES, 0.9), sizes=sizes)
    families = {**dict.fromkeys(SIZES, "ladder"), "tuned": "instruct"}
    said = dict(findings.Findings(frames, families).readings("questions", 2))
    assert "at 857k" in said["Contrastive Mem"]
    assert "−0.90" not in said["Contrastive Mem"]
    study = report.Study("t", families=families)
    _, read = page(tmp_path, frames, study=study)
    assert "follow the 3 models of the family ladder" in read.text
    assert "−0.90 [−0.94, −0.86]" in read.text


def test_overall_counts_the_cells_where_frequency_beats_mem():
    first, second = (
        study_frames(),
        study_frames(
            {findings.MEM: (0.4, 0.4, 0.4), findings.FREQUENCY: (0.5, 0.3, 0.2)}, task="sums"
        ),
    )
    frames = {name: pd.concat([first[name], second[name]]) for name in first}
    said = " ".join(findings.Findings(frames, {}).overall())
    assert "In 4 of 6 cells" in said
    assert "nearest to it is contrastive Mem" in said


def test_the_page_opens_offline_with_its_figures_inside(tmp_path):
    figure = tmp_path / "memorization.png"
    figure.write_bytes(b"\x89PNG\r\n\x1a\n not much")
    frames = {**study_frames(), **other_frames()}
    written, read = page(tmp_path, frames, {"memorization": figure})
    assert read.sources == ["data:image/png;base64,iVBORw0KGgogbm90IG11Y2g="]
    assert all(link.startswith("#") for link in read.links)
    anchors = set(re.findall(r'id="([^"]+)"', written))
    assert {link[1:] for link in read.links} <= anchors
    assert not {"script", "link", "iframe"} & set(read.tags)
    assert not re.search(r"https?://|url\(|@import", written)


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    frames = {**study_frames(), **other_frames()}
    first, _ = page(tmp_path, frames)
    assert page(tmp_path, frames)[0] == first


def test_every_table_is_shown_with_its_numbers(tmp_path):
    written, read = page(tmp_path, {**study_frames(), **other_frames()})
    for expected in (
        "2 shards, 1,234 documents, 2.5 MB of text", "3 bad records skipped", "857,000",
        "0.79 [0.75, 0.83]",  # the answer's frequency at the smallest model
        "10 to 4,321 documents", "0.20 [0.10, 0.30]; 200 of 1,000",
        "0.88", "1,500", "Verdicts: holds 1, fails 1 and cannot tell 1", "make demo", "seed: 7",
        "any alias", "0.21 [0.10, 0.30]", "0.23 [0.10, 0.30]; 123 items", "abababababababab",
    ):  # fmt: skip
        assert expected in read.text, expected
    assert "Mem<sub>3</sub> &gt; Mem<sub>∞</sub>" in written
    assert re.search(r'class="[^"]*cannot-tell"', written)


def test_items_left_out_are_shown_by_reason_with_their_share(tmp_path):
    _, read = page(tmp_path, study_frames())
    section = read.text.split("Items left out, by reason")[1]
    # 100 of 1,000 to 1,002, and the reasons apart.
    assert "900 to 902" in section
    assert "10.0 %" in section
    for count in ("60", "25", "15"):
        assert count in section


@pytest.mark.parametrize("name", [*sorted({**study_frames(), **other_frames()}), "nothing"])
def test_any_subset_of_tables_gives_a_whole_page(name, tmp_path):
    frames = {key: frame for key, frame in {**study_frames(), **other_frames()}.items()
              if key == name}  # fmt: skip
    _, read = page(tmp_path, frames)
    for title in ("What was run", "What was found", "Figures", "Scores", "Claims", "Glossary"):
        assert title in read.text
    assert ("such as translation, would provide it" in read.text) == (name != "novelty")


def test_tasks_stand_in_the_order_of_the_study(tmp_path):
    parts = [study_frames(task=task) for task in ("apples", "moons", "zebras")]
    frames = {name: pd.concat([part[name] for part in parts]) for name in parts[0]}
    study = report.Study("t", tasks=["zebras", "no such task", "apples"])
    _, read = page(tmp_path, frames, study=study)
    found = re.findall(r"(apples|moons|zebras), n = 2", read.text)
    assert found == ["zebras", "apples", "moons"]
    tables = read.text.split("What was run")[-1].split("What was found")[0]
    assert tables.index("zebras") < tables.index("apples") < tables.index("moons")


def published_frame() -> pd.DataFrame:
    row = {
        "quantity": "mem-n3", "task": "questions", "part": "", "source": "Fig 4",
        "published_model": "", "relation": ">", "published": 0.35, "model": "large",
        "value": 0.24, "ci_low": 0.2, "ci_high": 0.28, "match": "task", "caveat": "A bound only.",
        "note": "ours is large",
    }  # fmt: skip
    other = {"quantity": "exact-match", "source": "Fig 3", "published_model": "pythia-12b",
             "relation": "=", "published": 0.41, "part": "support 0 to 9 documents",
             "caveat": "Close to the figure."}  # fmt: skip
    unsaid = {"relation": "not significant", "published": math.nan}
    return pd.DataFrame([row, {**row, **other}, {**row, **unsaid}])


def test_published_numbers_stand_apart_from_ours_with_their_caveats(tmp_path):
    written, read = page(tmp_path, {**study_frames(), "published": published_frame()})
    section = read.text.split("Published against ours")[-1].split("How to reproduce")[0]
    assert "none of those on the left was measured here" in section
    assert "No model of this study is one of the published ones" in section
    assert "Fig 4 (questions): A bound only." in section
    assert "Fig 3 (questions): Close to the figure." in section
    assert section.count("0.24 [0.20, 0.28]") == 3
    assert "> 0.35" in section and "not significant" in section
    assert "Mem<sub>3</sub>" in written.split('id="published"')[1]
    assert "0.41" in section and "0.41" not in read.text.split("What was found")[1].split(
        "Published against ours"
    )[0].replace("0.41 [", "")  # the trial's truth


def test_a_study_without_published_numbers_or_instruct_models_says_so(tmp_path):
    _, read = page(tmp_path, study_frames())
    assert "Nothing of this study has a published number to stand beside" in read.text
    assert "No model of this study is tuned from another" in read.text
    assert "The test examples were not searched for in the corpus." in read.text


def test_instruct_models_are_counted_by_the_interval_of_the_difference(tmp_path):
    row = {
        "task": "questions", "n": 2, "measure": "task-gram", "statistic": "spearman",
        "base": "large", "instruct": "tuned", "base_value": 0.2, "base_ci_low": 0.1,
        "base_ci_high": 0.3, "instruct_value": 0.5, "instruct_ci_low": 0.4,
        "instruct_ci_high": 0.6, "difference": 0.3, "ci_low": 0.16, "ci_high": 0.44,
    }  # fmt: skip
    lower = {"n": 0, "measure": "performance", "statistic": "exact-match", "difference": -0.3,
             "ci_low": -0.44, "ci_high": -0.16}  # fmt: skip
    unsettled = {"n": 3, "difference": 0.1, "ci_low": -0.1, "ci_high": 0.3}
    frame = pd.DataFrame([{**row, **lower}, row, {**row, **unsettled}])
    _, read = page(tmp_path, {**study_frames(), "instruct": frame})
    assert "of 3 scores 1 are higher and 1 lower by the interval" in read.text
    assert "which leaves 1 open" in read.text
    assert "0.30 [0.16, 0.44]" in read.text and "−0.30 [−0.44, −0.16]" in read.text


def contaminated_frames(clean=0.48, dirty=0.7) -> dict[str, pd.DataFrame]:
    series = {"task": "questions", "contamination_n": 8, "measure": "performance",
              "statistic": "exact-match", "n": 0}  # fmt: skip
    rows = [
        {**series, "model": model, "parameters": SIZES[model], "subset": subset, "examples": count,
         "items": count, "value": value, "ci_low": value - 0.03, "ci_high": value + 0.03}
        for model in ("small", "large")
        for subset, count, value in (("all", 390, 0.5), ("clean", 350, clean),
                                     ("contaminated", 40, dirty))
    ]  # fmt: skip
    counts = {"task": "questions", "n": 8, "examples": 400, "searched": 390, "contaminated": 40}
    return {"contamination": pd.DataFrame([counts]), "decontaminated": pd.DataFrame(rows)}


@pytest.mark.parametrize(
    ("dirty", "words"),
    [(0.7, "is below zero"), (0.5, "is not told apart from zero"), (0.2, "is above zero")],
)
def test_decontamination_is_judged_by_the_interval_of_the_difference(dirty, words, tmp_path):
    _, read = page(tmp_path, {**study_frames(), **contaminated_frames(dirty=dirty)})
    held = read.text.split("word for word")[1].split("Figures")[0]
    assert "40 of 390 examples searched share a run of 8 words with the corpus (10.3 %)" in held
    assert "10 of 400 were not searched" in held
    block = read.text.split("Decontamination")[1].split("What the corpus holds")[0]
    assert "At 857k 0.48 [0.45, 0.51] on the 350 clean examples" in block
    assert words in block


def test_decontamination_without_scores_or_without_contaminated_examples(tmp_path):
    frames = contaminated_frames()
    alone = {"contamination": frames["contamination"]}
    _, read = page(tmp_path, {**study_frames(), **alone})
    assert "No score was taken apart by contamination." in read.text
    scores = frames["decontaminated"]
    frames["decontaminated"] = scores[scores["subset"] != "contaminated"]
    _, read = page(tmp_path, {**study_frames(), **frames})
    assert "and 0.50 [0.47, 0.53] on all 390; the contaminated ones alone give" in read.text
    alone = {"decontaminated": scores}
    _, read = page(tmp_path, alone)
    assert "were not searched for in the corpus" in read.text


def test_an_empty_table_counts_as_missing(tmp_path):
    frames = {**study_frames(), "novelty": other_frames()["novelty"].iloc[:0]}
    assert "such as translation, would provide it" in page(tmp_path, frames)[1].text


def test_names_are_escaped(tmp_path):
    frames = study_frames(task="<b>&")
    written, read = page(tmp_path, frames, study=report.Study("a < b"))
    assert "<b>" not in written
    assert "<b>&, n = 2" in read.text
    assert "a < b" in read.text


def test_unknown_tables_and_figures_are_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"\['memorisation'\].*allowed: .*\bmemorization\b"):
        report.write(tmp_path / "r.html", STUDY, {"memorisation": pd.DataFrame()}, {})
    with pytest.raises(
        ValueError, match=r"\['influenza'\].*allowed: coverage, performance_support"
    ):
        report.write(tmp_path / "r.html", STUDY, {}, {"influenza": tmp_path / "x.png"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.4, "0.40"), (-0.364, "−0.36"), (-0.001, "0.00"), (99.96, "100.0"), (math.nan, "n/a")],
)
def test_numbers_are_printed_alike(value, text):
    assert findings.number(value) == text


def test_the_script_reads_the_tables_at_rest(tmp_path, run_script):
    paths, figures = {}, {}
    for name, frame in {**study_frames(), **other_frames()}.items():
        ending = "parquet" if name == "manifest" else "csv"
        paths[name] = tmp_path / f"{name}.{ending}"
        table = REPORTED[name]
        known = {"reason": ""} if "reason" in table.columns else {}
        files.write(table, frame.assign(**known), paths[name])
    for name, reason in {"kendall": "", "emergence": "size: nothing to draw, no value"}.items():
        figures[name] = tmp_path / f"{name}.png"
        figures[name].write_bytes(b"\x89PNG")
        row = {"figure": [name], "reason": [reason]}
        files.write(FIGURE, row, figures[name].with_suffix(".csv"))
    study = {"title": STUDY.title, "tasks": ["questions"], "families": STUDY.families}
    output = {"html": tmp_path / "report.html", "summary": tmp_path / "summary.txt"}
    notes = [path.with_suffix(".csv") for path in figures.values()]
    inputs = {**paths, "figures": list(figures.values()), "notes": notes}
    run_script("write_report", inputs, output, {"study": study})
    read = Page(output["html"].read_text(encoding="utf-8"))
    assert "Kendall distance against size." in read.text
    assert "several support levels: left out, as there is nothing to draw, no value." in read.text
    assert "0.79 [0.75, 0.83]" in read.text
    assert len(read.sources) == 1
    lines = output["summary"].read_text(encoding="utf-8").splitlines()
    assert lines[:2] == [STUDY.title, "questions, n = 2, large (857k parameters)"]
    assert (
        len(lines) == 5 and lines[2].startswith("  exact match") and "0.15 [0.14, 0.16]" in lines[2]
    )


def test_versions_are_those_installed():
    found = report.versions(["pandas", "no-such-package-here"])
    assert found["pandas"] == pd.__version__
    assert set(found) == {"python", "pandas"}
