"""What a config may ask of profiles, and the checkpoints that come of it."""

from pathlib import Path

import pytest
import yaml

from tracemem.settings.study import SettingsError, load
from tracemem.study.study import Study

CONFIG = Path(__file__).resolve().parents[3] / "config" / "validity-steps.yaml"
MODEL = {"path": "someone/model", "parameters": 5}


def config(**changes):
    plain = yaml.safe_load(CONFIG.read_text())
    return {**plain, "counterfactual": None, **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ladder": {"epochs": 2}}, "ladder.epochs: found 2.0; allowed with profiles: at most 1"),
        ({"ladder": None}, "profiles.records_a_step: missing; it is required without a ladder"),
        ({"profiles": {"models": ["9b"]}}, "profiles.models: found '9b'; allowed: 91k, 231k, 857k"),
        (
            {"profiles": {"records_a_step": 8, "checkpoints": [0, 5]}},
            "models: missing; profiles.records_a_step is of published models",
        ),
        (
            {
                "models": {"m": {"path": "someone/model"}},
                "profiles": {"records_a_step": 8, "checkpoints": [0, 5], "models": ["91k"]},
            },
            "profiles.models: found '91k'; allowed: m",
        ),
        ({"profiles": {"checkpoints": [1, 2]}}, "give both records_a_step and checkpoints"),
        (
            {"profiles": {"records_a_step": 8, "checkpoints": [5, 2]}},
            "checkpoints: found [5, 2]; allowed: two steps or more, ascending",
        ),
        ({"profiles": {"revision": "main"}}, "revision: found 'main'; allowed: a text with {step}"),
    ],
)
def test_what_is_wrong_is_named(changes, said):
    with pytest.raises(SettingsError) as wrong:
        load(config(**changes))
    assert said in str(wrong.value)


def test_every_checkpoint_of_the_ladder_is_followed():
    study = Study(load(config()))
    assert list(study.followed) == [
        f"{size}-checkpoint{number}" for size in ("91k", "231k", "857k") for number in range(1, 13)
    ]
    at = study.at_checkpoint("231k-checkpoint3")
    assert (at["checkpoint"], at["revision"]) == (3, "step{step}")
    assert at["run"]["path"] == "results/validity-steps/ladder/231k"
    assert not {"91k-checkpoint1"} & set(study.models) and study.timing()["seed"] == 1
    assert [one["names"][-1] for one in study.profiled_series] == [
        "91k-checkpoint12", "231k-checkpoint12", "857k-checkpoint12",
    ]  # fmt: skip


def test_published_models_are_followed_at_the_steps_that_are_given():
    profiles = {"records_a_step": 1024, "checkpoints": [0, 1000, 3000], "revision": "at-{step}"}
    study = Study(load(config(ladder=None, models={"m": MODEL}, profiles=profiles)))
    assert list(study.followed) == ["m-checkpoint1", "m-checkpoint2", "m-checkpoint3"]
    assert study.at_checkpoint("m-checkpoint2")["revision"] == "at-{step}"
    assert study.timing() == {"records_a_step": 1024, "checkpoints": [0, 1000, 3000]}
    assert (
        "profiles" in study.scores and "profiles" not in Study(load(config(profiles=None))).scores
    )
