"""Figures show the numbers of their tables, legibly, and are never empty."""

import math
from itertools import pairwise

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from tracemem.jobs import files
from tracemem.report import figures, products
from tracemem.report.tables import FIGURE
from tracemem.scoring.tables import INSTRUCT

SIZES = {"tiny": 36_000, "small": 91_000, "large": 857_000}
PYTHIA = {
    "14m": 14_067_712, "31m": 30_494_720, "70m": 70_426_624, "160m": 162_322_944,
    "410m": 405_334_016, "1.4b": 1_414_647_808, "2.8b": 2_775_208_960, "6.9b": 6_857_302_016,
    "12b": 11_846_072_320,
}  # fmt: skip
COUNTS = dict.fromkeys(
    ("items", "examples", "dropped", "dropped_zero_count", "dropped_zero_denominator",
     "dropped_no_span", "dropped_no_neighbour", "dropped_zero_infgram"), 7)  # fmt: skip


def correlation(value: float, p: float = 0.001) -> dict:
    p_values = {"p_value": p / 10, "p_permutation": p / 10, "p_holm": p}
    return {"value": value, "ci_low": value - 0.1, "ci_high": value + 0.1, **p_values, **COUNTS}


def memorization(sizes=SIZES, tasks=("questions", "translation"), ns=(2, 3)) -> pd.DataFrame:
    rows = []
    for task in tasks:
        for place, (model, parameters) in enumerate(sizes.items()):
            series = {"task": task, "model": model, "parameters": parameters}
            for n in ns:
                for measure, statistic, value in (
                    ("task-gram", "spearman", 0.4),
                    ("task-gram", "partial-spearman", 0.02),
                    ("contrast", "partial-spearman", 0.05),
                    ("infini-gram", "spearman", 0.3),
                    ("task-gram", "kendall-distance", 0.35),
                    ("infini-gram", "kendall-distance", 0.45),
                ):
                    score = correlation(value + 0.03 * place - 0.01 * n, p=0.2 if place else 0.01)
                    kind = {"n": n, "measure": measure, "statistic": statistic}
                    rows.append({**series, **kind, **score, "skipped_tokens": 0})
    return pd.DataFrame(rows)


def effects(sizes=SIZES) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "task": task, "model": model, "parameters": parameters, "seed": seed,
                "examples": 50, "effect": effect + place, "ci_low": effect + place - 0.3,
                "ci_high": effect + place + 0.3, "pairs": 4, "halves": 0.5, "ceiling": 0.8,
            }
            for seed in (1, 2)
            for task, effect in (("questions", 0.5 * seed), ("translation", -0.1))
            for place, (model, parameters) in enumerate(sizes.items())
        ]
    )  # fmt: skip


def controls(sizes=SIZES) -> pd.DataFrame:
    rows = []
    for model, parameters in sizes.items():
        series = {"task": "questions", "model": model, "parameters": parameters}
        for n, measure, statistic, value in (
            (2, "output-count", "spearman", 0.8),
            (3, "output-count", "spearman", 0.7),
            (0, "truth-probability", "partial-spearman", 0.11),
        ):
            kind = {"n": n, "measure": measure, "statistic": statistic}
            rows.append({**series, **kind, **correlation(value)})
    return pd.DataFrame(rows)


def support(sizes=SIZES) -> pd.DataFrame:
    ranges = [(0, 0), (1, 4), (5, 100), (101, 4000)]
    rows = [
        {
            "task": task, "model": model, "parameters": parameters, "n": n, "bin": number,
            "support_low": low, "support_high": high, "group": "", "metric": metric, "value": value,
            "ci_low": value - 0.02, "ci_high": value + 0.02, "examples": 50,
        }
        for task in ("questions", "choices")
        for place, (model, parameters) in enumerate(sizes.items())
        for n in (2, 3)
        for number, (low, high) in enumerate(ranges)
        for metric, value in (("exact-match", 0.1 * place + 0.05 * number + n / 1000),
                              ("accuracy", 0.77))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def novelty() -> pd.DataFrame:
    rows = [
        {
            "task": "translation", "model": model, "parameters": parameters, "n": n,
            "generated_pairs": 1000, "novel_pairs": 100 * n, "share": 0.1 * n,
            "ci_low": 0.1 * n - 0.02, "ci_high": 0.1 * n + 0.02, "examples": 60,
            "correct_pairs": 500, "novel_correct_pairs": 25 * n,
            "correct_share": math.nan if model == next(iter(SIZES)) else 0.05 * n,
            "correct_ci_low": 0.05 * n - 0.01, "correct_ci_high": 0.05 * n + 0.01,
            "correct_reason": "",
        }
        for model, parameters in SIZES.items()
        for n in (2, 3)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def alignment() -> pd.DataFrame:
    rows = [
        {
            "task": task, "n": 2, "gamma": gamma, "candidates": 9000, "in_corpus": 4000,
            "kept": kept, "non_zero": kept // 2,
            "precision": 0.9 if task == "translation" else None,
            "recall": 0.5 if task == "translation" else None,
        }
        for task in ("questions", "translation")
        for gamma, kept in ((0.5, 2000), (0.7, 300), (0.9, 0))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def thresholds() -> pd.DataFrame:
    rows = [
        {
            "task": "questions", "model": model, "parameters": parameters, "n": n, "gamma": gamma,
            "value": 0.1 * n + gamma / 7, "ci_low": 0.1 * n + gamma / 7 - 0.05,
            "ci_high": 0.1 * n + gamma / 7 + 0.05, "items": 50, "examples": 20, "dropped": 0,
        }
        for model, parameters in SIZES.items()
        for n in (2, 3)
        for gamma in (0.7, 0.75, 0.8)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def cosines() -> pd.DataFrame:
    rows = [
        {
            "task": "translation", "model": model, "parameters": SIZES[model], "n": n,
            "cosine_low": low, "cosine_high": low + 0.5, "pairs": pairs, "without_vector": 3,
        }
        for model, held in (("tiny", (0, 2, 6, 0)), ("large", (0, 0, 5, 15)))
        for n in (2, 3)
        for low, pairs in zip((-1.0, -0.5, 0.0, 0.5), held, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def instruct() -> pd.DataFrame:
    filled = dict.fromkeys(INSTRUCT.columns, 0.5)
    rows = [
        {**filled, "task": task, "n": n, "measure": measure, "statistic": statistic,
         "base": "base", "instruct": model, "difference": gap, "ci_low": gap - 0.1,
         "ci_high": gap + 0.1}
        for task in ("questions", "sums")
        for model, gap in (("tuned", 0.3), ("chat", 0.05))
        for n in (2, 3)
        for measure, statistic in (("task-gram", "spearman"), ("infini-gram", "spearman"))
    ]  # fmt: skip
    performance = {"n": 0, "measure": "performance", "statistic": "bleu", "difference": 33.0}
    return pd.DataFrame([{**rows[0], **performance}, *rows])


DRAWN = {
    "performance": lambda: figures.performance_by_support(support()),
    "memorization": lambda: figures.memorization_by_size(memorization(), controls()),
    "kendall": lambda: figures.kendall_by_size(memorization()),
    "novelty": lambda: figures.novelty_by_size(novelty()),
    "emergence": lambda: figures.emergence(support()),
    "thresholds": lambda: figures.pairs_by_threshold(alignment()),
    "memorization_by_threshold": lambda: figures.memorization_by_threshold(thresholds()),
    "generated_cosines": lambda: figures.generated_cosines(cosines()),
    "instruct": lambda: figures.instruct_against_base(instruct()),
}


@pytest.fixture(scope="module")
def drawn():
    return {name: draw() for name, draw in DRAWN.items()}


def heights(axis) -> set[float]:
    """Every value that a line of the axes goes through, rounded."""
    return {round(float(y), 6) for line in axis.lines for y in line.get_ydata() if np.isfinite(y)}


def values(frame: pd.DataFrame, column: str = "value") -> set[float]:
    return {round(value, 6) for value in frame[column]}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (950, "950"), (1000, "1k"), (91_000, "91k"), (9_940, "9.9k"), (9_960, "10k"),
        (999_400, "999k"), (999_600, "1M"), (1_414_647_808, "1.4B"), (11_846_072_320, "12B"),
        (6_857_302_016, "6.9B"), (70_426_624, "70M"),
    ],
)  # fmt: skip
def test_counts_are_written_short(count, text):
    assert figures.format_count(count) == text


def test_models_are_labelled_in_order_of_size_and_by_name_where_sizes_do_not_differ():
    frame = pd.DataFrame({"model": ["b", "a", "c"], "parameters": [5000, 70_000, 900]})
    assert list(figures.model_labels(frame).items()) == [("c", "900"), ("b", "5k"), ("a", "70k")]
    twins = pd.DataFrame({"model": ["tuned", "base"], "parameters": [6_900_000, 6_900_000]})
    assert figures.model_labels(twins) == {"base": "base", "tuned": "tuned"}


def test_every_figure_is_a_page_wide_and_has_no_letter_under_eight_points(drawn):
    for name, figure in drawn.items():
        assert figure.get_figwidth() == figures.WIDTH == 5.5
        for text in figure.findobj(Text):
            if text.get_text():
                assert text.get_fontsize() >= 8, (name, text.get_text())


def test_saved_figures_are_not_empty_and_the_same_bytes_each_time(drawn, tmp_path):
    for name in ("kendall", "novelty"):
        again = DRAWN[name]()
        for turn, figure in enumerate((drawn[name], again)):
            figures.save(figure, tmp_path / f"{name}{turn}.png", tmp_path / f"{name}{turn}.pdf")
        for ending in ("png", "pdf"):
            first, second = (tmp_path / f"{name}{turn}.{ending}" for turn in (0, 1))
            assert first.read_bytes() == second.read_bytes()
        assert b"CreationDate" not in (tmp_path / f"{name}0.pdf").read_bytes()
        image = matplotlib.image.imread(tmp_path / f"{name}0.png")
        assert image.shape[1] == 5.5 * figures.DOTS
        # Colour, which neither paper, text nor axes have: the data are there.
        colour = np.ptp(image[..., :3], axis=2) > 0.2
        assert colour.mean() > 0.002


def test_performance_by_support_draws_the_first_metric_at_the_smallest_n(drawn):
    frame = support()
    for axis, task in zip(drawn["performance"].axes, ("questions", "choices"), strict=True):
        shown = frame[(frame["task"] == task) & (frame["n"] == 2)]
        shown = shown[shown["metric"] == "exact-match"]
        assert values(shown) <= heights(axis)
        assert 0.77 not in heights(axis)
        assert axis.get_title() == f"{task}, n = 2"
        assert axis.get_ylabel() == "exact match"


def test_examples_without_support_stand_apart_left_of_all_others(drawn):
    frame = support()
    nothing = values(frame[(frame["bin"] == 0) & (frame["n"] == 2)])
    for axis in drawn["performance"].axes:
        lines = [line for line in axis.lines if line.get_marker() not in ("None", "")]
        apart = [line for line in lines if len(line.get_xdata()) == 1]
        joined = [line for line in lines if len(line.get_xdata()) == 3]
        assert len(apart) == len(joined) == len(SIZES)
        assert {round(float(line.get_ydata()[0]), 6) for line in apart} <= nothing
        assert max(line.get_xdata()[0] for line in apart) < min(
            min(line.get_xdata()) for line in joined
        )
        assert axis.get_xticklabels()[0].get_text() == "0"


def test_bins_that_are_groups_carry_their_names():
    frame = support()
    frame["group"] = frame["bin"].map({0: "", 1: "fr", 2: "de", 3: "it"})
    axis = figures.performance_by_support(frame).axes[0]
    assert sorted(text.get_text() for text in axis.texts) == ["de", "fr", "it"]


def test_series_differ_by_marker_as_well_as_by_colour(drawn):
    for name in ("performance", "emergence"):
        handles = drawn[name].legends[0].legend_handles
        assert len({handle.get_marker() for handle in handles}) == len(handles)
        assert len({str(handle.get_color()) for handle in handles}) == len(handles)


def test_memorization_shows_every_value_beside_controls_and_truth(drawn):
    axes = np.array(drawn["memorization"].axes).reshape(2, 4)
    frame = memorization()
    columns = {
        0: [("task-gram", "spearman"), ("infini-gram", "spearman")],
        2: [("task-gram", "partial-spearman")],
        3: [("contrast", "partial-spearman")],
    }
    for row, task in enumerate(("questions", "translation")):
        for column, kinds in columns.items():
            for measure, statistic in kinds:
                shown = frame[
                    (frame["task"] == task)
                    & (frame["measure"] == measure)
                    & (frame["statistic"] == statistic)
                ]
                assert values(shown) <= heights(axes[row, column])
    assert {0.7, 0.8} <= heights(axes[0, 1])
    assert 0.11 in heights(axes[0, 3])
    assert 0.11 not in heights(axes[1, 3])
    assert [axis.get_title() for axis in axes[0]] == [
        measure.title.replace("s_y", "$s_y$") for measure in figures.COLUMNS_OF_MEMORIZATION
    ]
    assert axes[0, 1].get_title() == "log C($s_y$) alone"


def test_a_grey_star_marks_what_is_not_significant_and_nothing_else(drawn):
    axis = drawn["memorization"].axes[0]
    stars = {
        round(float(y), 6)
        for line in axis.lines
        if line.get_marker() == "*"
        for y in line.get_ydata()
    }
    frame = memorization()
    shown = frame[(frame["task"] == "questions") & (frame["statistic"] == "spearman")]
    assert stars == values(shown[shown["p_holm"] >= 0.05])
    filled = {
        round(float(y), 6)
        for line in axis.lines
        if line.get_marker() in ("o", "s")
        for y in line.get_ydata()
    }
    assert filled == values(shown[shown["p_holm"] < 0.05])


def test_bins_that_are_languages_do_not_thin_out_the_levels_of_other_tasks():
    plain = support()
    languages = pd.concat(
        plain[(plain["task"] == "questions") & (plain["bin"] == 1)].assign(
            task="wmt", metric="bleu", bin=number, group=f"x{number}-en"
        )
        for number in range(1, 13)
    )
    alone, beside = (figures.emergence(frame) for frame in (plain, pd.concat([plain, languages])))
    shown, shown_beside = (
        [
            [axis.get_title() for axis in figure.axes],
            [text.get_text() for text in figure.legends[0].get_texts()],
        ]
        for figure in (alone, beside)
    )
    assert shown == shown_beside


def test_permuted_answers_are_drawn_in_the_row_of_their_task():
    chance = memorization(tasks=("shuffled",), ns=(2,))
    chance = chance.assign(value=chance["value"] - 0.39)
    both = pd.concat([memorization(tasks=("questions",), ns=(2,)), chance])
    figure = figures.memorization_by_size(both, permuted={"shuffled": "questions"})
    assert len(figure.axes) == 3
    published = chance[(chance["measure"] == "task-gram") & (chance["statistic"] == "spearman")]
    assert values(published) <= heights(figure.axes[0])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "answers permuted" in labels


def test_memorization_without_controls_leaves_their_column_out():
    figure = figures.memorization_by_size(memorization(tasks=("questions",), ns=(2,)))
    assert [axis.get_title() for axis in figure.axes] == [
        "Mem, published",
        "partial Mem",
        "contrastive Mem",
    ]


def test_the_infinity_gram_is_dashed_and_the_task_gram_solid(drawn):
    axis = drawn["kendall"].axes[0]
    frame = memorization()
    distances = frame[(frame["task"] == "questions") & (frame["statistic"] == "kendall-distance")]
    for measure, dashes in (("task-gram", "-"), ("infini-gram", "--")):
        lines = {
            round(float(y), 6)
            for line in axis.lines
            if line.get_linestyle() == dashes and len(line.get_xdata()) == len(SIZES)
            for y in line.get_ydata()
        }
        assert lines - {0.5} == values(distances[distances["measure"] == measure])


def test_size_axes_are_logarithmic_with_a_tick_at_every_size_and_labels_apart():
    frame = memorization(PYTHIA, tasks=("questions",), ns=(3,))
    figure = figures.memorization_by_size(frame, controls(PYTHIA))
    figure.draw_without_rendering()
    for axis in figure.axes:
        assert axis.get_xscale() == "log"
        assert list(axis.get_xticks()) == sorted(PYTHIA.values())
        shown = [
            label
            for label in axis.get_xticklabels()
            if label.get_text() and label.get_color() != "none"
        ]
        assert shown[-1].get_text() == "12B"
        boxes = [label.get_window_extent() for label in shown]
        assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))


def test_lines_never_join_two_families():
    frame = support({"a": 1000, "b": 2000, "c": 4000, "d": 8000})
    families = {"a": "one", "b": "two", "c": "one", "d": "two"}
    axis = figures.emergence(frame, families).axes[0]
    assert [text.get_text() for text in axis.texts] == ["two"]
    data = [line.get_xdata() for line in axis.lines]
    assert {len(x) for x in data} == {2}
    assert {tuple(round(np.log2(x / 1000)) for x in xs) for xs in data} == {(0, 2), (1, 3)}


def test_emergence_thins_many_bins_but_keeps_the_first_and_the_last():
    frame = pd.concat([support().assign(bin=number) for number in range(9)])
    frame = frame.drop_duplicates(["task", "model", "n", "bin", "metric"])
    labels = [text.get_text() for text in figures.emergence(frame).legends[0].get_texts()]
    assert len(labels) == 5
    assert {"none", "bin 8 (most)"} <= set(labels)


def test_novelty_bars_are_as_high_as_the_shares_and_numbers(drawn):
    shares, numbers = drawn["novelty"].axes
    frame = novelty()
    assert [bar.get_height() for bar in shares.patches] == [0.2] * 3 + [pytest.approx(0.3)] * 3
    assert sorted(bar.get_height() for bar in numbers.patches) == sorted(frame["novel_pairs"])
    # Hatches tell n apart in grey.
    assert len({bar.get_hatch() for bar in shares.patches}) == 2
    # Diamonds are of correct output; the smallest model has none.
    assert [list(line.get_ydata()) for line in shares.lines] == [
        [pytest.approx(math.nan, nan_ok=True), *[pytest.approx(0.05 * n)] * 2] for n in (2, 3)
    ]
    legend = drawn["novelty"].legends[0]
    assert [text.get_text() for text in legend.get_texts()][-1] == "of correct output"


def test_thresholds_show_alignment_only_where_the_truth_is_known(drawn):
    titles = [axis.get_title() for axis in drawn["thresholds"].axes if axis.get_visible()]
    assert titles == ["questions", "translation", "translation: true alignments"]
    counts, _, truth, _ = drawn["thresholds"].axes
    assert heights(counts) == {4000, 2000, 1000, 300, 150}
    assert heights(truth) == {0.9, 0.5}


def test_memorization_by_threshold_has_a_line_a_threshold(drawn):
    frame = thresholds()
    for axis, n in zip(drawn["memorization_by_threshold"].axes, (2, 3), strict=True):
        assert axis.get_title() == f"questions, n = {n}"
        assert heights(axis) == {0.0, *values(frame[frame["n"] == n])}
        assert len([line for line in axis.lines if line.get_marker() != "None"]) == 3
    labels = [text.get_text() for text in drawn["memorization_by_threshold"].legends[0].texts]
    assert labels == ["γ = 0.7", "γ = 0.75", "γ = 0.8"]


def test_cosines_of_generated_pairs_are_densities_of_area_one(drawn):
    for axis in drawn["generated_cosines"].axes:
        smallest, largest = (step.get_data() for step in axis.patches)
        # 2 and 6 of 8 pairs, 5 and 15 of 20, in bins half a unit wide.
        assert smallest.values.tolist() == [0, 0.5, 1.5, 0]
        assert largest.values.tolist() == [0, 0, 0.5, 1.5]
        assert [step.get_linestyle() for step in axis.patches] == ["--", "-"]


def test_instruct_differences_are_filled_where_the_interval_leaves_out_zero(drawn):
    for axis in drawn["instruct"].axes:
        points = [line for line in axis.lines if line.get_marker() not in ("None", "")]
        shown = {(round(line.get_xdata()[0], 6), line.get_markerfacecolor() != "white")
                 for line in points}  # fmt: skip
        assert shown == {(0.3, True), (0.05, False)} and len(points) == 8
        assert [label.get_text() for label in axis.get_yticklabels()] == [
            "Mem, n = 2", "Mem, n = 3", "Mem, ∞-gram, n = 2", "Mem, ∞-gram, n = 3",
        ]  # fmt: skip


def test_a_task_of_reasoning_is_drawn_by_its_final_answers():
    frame = support().replace({"metric": {"exact-match": "final-answer",
                                          "accuracy": "bertscore-precision"}})  # fmt: skip
    axis = figures.performance_by_support(frame).axes[0]
    shown = frame[(frame["task"] == "questions") & (frame["metric"] == "final-answer")]
    assert values(shown[shown["n"] == 2]) <= heights(axis) and 0.77 not in heights(axis)
    assert axis.get_ylabel() == "final answer"


@pytest.mark.parametrize("empty", [True, False], ids=["no rows", "no values"])
@pytest.mark.parametrize(
    ("draw", "table", "column"),
    [
        (figures.performance_by_support, support, "value"),
        (figures.memorization_by_size, memorization, "value"),
        (figures.kendall_by_size, memorization, "value"),
        (figures.novelty_by_size, novelty, "share"),
        (figures.emergence, support, "value"),
        (figures.pairs_by_threshold, alignment, "kept"),
        (figures.memorization_by_threshold, thresholds, "value"),
        (figures.generated_cosines, cosines, "pairs"),
        (figures.instruct_against_base, instruct, "difference"),
    ],
)
def test_nothing_to_draw_is_an_error_not_an_empty_figure(draw, table, column, empty):
    frame = table()
    frame = (
        frame.iloc[:0]
        if empty
        else frame.assign(**{column: 0 if column in ("kept", "pairs") else np.nan})
    )
    with pytest.raises(figures.NothingToDraw, match="nothing to draw"):
        draw(frame)


def coverage():
    return pd.DataFrame(
        [
            {"task": task, "n": n, "examples": 200, "with_pairs": 150, "supported": 90 - 10 * n,
             "pairs": 400, "median_support": 12.5, "largest_support": 900.0, "reason": ""}
            for task in ("questions", "sums") for n in (1, 2)
        ]
    )  # fmt: skip


# What each table holds here, by its name.
FRAMES = {
    "alignment": alignment,
    "controls": controls,
    "cosines": cosines,
    "coverage": coverage,
    "effects": effects,
    "instruct": instruct,
    "memorization": memorization,
    "novelty": novelty,
    "support": support,
    "thresholds": thresholds,
}


def test_every_declared_figure_is_drawn_from_the_tables_it_declares():
    for figure in products.DRAWN.values():
        tables = {table.name: FRAMES[table.name]() for table in figure.tables}
        assert figures.draw(figure, tables, dict.fromkeys(SIZES, "ladder"), {}).axes
        with pytest.raises(figures.NothingToDraw, match="nothing to draw"):
            figures.draw(figure, {name: rows[:0] for name, rows in tables.items()}, {}, {})


@pytest.mark.parametrize("name", products.DRAWN)
@pytest.mark.parametrize("empty", [False, True], ids=["drawn", "nothing to draw"])
def test_the_script_draws_from_the_tables_at_rest(name, empty, tmp_path, run_script):
    paths = {}
    for table in products.DRAWN[name].tables:
        frame = FRAMES[table.name]()
        rows = frame.assign(reason="") if "reason" in table.columns else frame
        rows = rows[:0] if empty else rows
        if "{task}" not in table.path:
            paths[table.name] = tmp_path / f"{table.name}.csv"
            files.write(table, rows, paths[table.name])
            continue
        # A file a task; the second has no row.
        paths[table.name] = [tmp_path / f"{table.name}{number}.parquet" for number in (0, 1)]
        for part, path in zip((rows, rows[:0]), paths[table.name], strict=True):
            files.write(table, part, path)
    png, pdf, note = (tmp_path / "figures" / f"a.{ending}" for ending in ("png", "pdf", "csv"))
    params = {"families": dict.fromkeys(SIZES, "ladder"), "permuted": {}}
    outputs = {"png": png, "pdf": pdf, "note": note}
    run_script("plot_figure", paths, outputs, params, {"figure": name})
    assert png.read_bytes().startswith(b"\x89PNG")
    assert pdf.read_bytes().startswith(b"%PDF")
    told = files.read(FIGURE, note)
    assert told["figure"].tolist() == [name]
    assert ("nothing to draw" in told["reason"][0]) == empty
    assert (told["reason"][0] == "") == (not empty)


def test_bars_of_coverage_are_shares_of_the_examples():
    figure = figures.examples_by_coverage(coverage())
    bars = figure.axes[0].patches
    assert [bar.get_width() for bar in bars[:4]] == pytest.approx([0.4, 0.35, 0.4, 0.35])
    ends = [bar.get_x() + bar.get_width() for bar in bars[8:]]
    assert ends == pytest.approx([1.0] * 4)
    assert figure.axes[0].get_yticklabels()[0].get_text() == "questions, n = 1 (200)"
