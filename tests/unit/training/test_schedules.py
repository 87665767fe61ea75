import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grevy.recipes.parts import config_of
from grevy.training.schedules.learning_rate import build_learning_rate


def ScheduleConfig(name="constant", **fields):
    return config_of("schedule", name, **fields)


def rates(config, total_steps, base_lr=1.0, steps_per_epoch=10):
    return [
        build_learning_rate(config)(base_lr, step, total_steps, steps_per_epoch)
        for step in range(total_steps)
    ]


def test_constant_stays_at_the_base():
    assert rates(ScheduleConfig(), 5, base_lr=0.05) == [0.05] * 5


def test_step_drops_after_every_so_many_epochs():
    config = ScheduleConfig(name="step", every=2, factor=0.1)
    values = rates(config, 50, base_lr=0.5)
    assert values[:20] == [0.5] * 20
    assert values[20:40] == pytest.approx([0.05] * 20)
    assert values[40:] == pytest.approx([0.005] * 10)


def test_step_takes_parts_of_an_epoch():
    config = ScheduleConfig(name="step", every=0.3, factor=0.5)
    values = rates(config, 10)
    assert values == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


def test_cosine_at_first_middle_and_last_step():
    values = rates(ScheduleConfig(name="cosine", final=0.2), 4)
    # 0.2 + 0.8 · (1 + cos(π t)) / 2 at t = 0, 1/4, 1/2, 3/4
    half_root = math.sqrt(0.5)
    assert values == pytest.approx(
        [1.0, 0.2 + 0.4 * (1 + half_root), 0.6, 0.2 + 0.4 * (1 - half_root)]
    )


def test_one_cycle_is_a_triangle_with_its_peak_at_warmup():
    values = rates(ScheduleConfig(name="one-cycle", warmup=0.25), 16, base_lr=2.0)
    assert values[:5] == pytest.approx([0.4, 0.8, 1.2, 1.6, 2.0])
    assert values[10] == pytest.approx(1.0)  # half-way down: 6 of 12 steps
    assert values[15] == pytest.approx(2.0 / 12)
    assert values.index(max(values)) == 4


def test_one_cycle_falls_to_its_final_part():
    values = rates(ScheduleConfig(name="one-cycle", warmup=0.5, final=0.5), 4)
    assert values == pytest.approx([1 / 3, 2 / 3, 1.0, 0.75])


def test_warmup_rises_to_the_peak_before_any_other_schedule():
    values = rates(ScheduleConfig(name="constant", warmup=0.3), 10)
    assert values == pytest.approx([0.25, 0.5, 0.75] + [1.0] * 7)
    values = rates(ScheduleConfig(name="cosine", warmup=0.5), 8)
    assert values == pytest.approx(
        [0.2, 0.4, 0.6, 0.8, 1.0, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2]
    )


@pytest.mark.parametrize("name", ["constant", "step", "cosine", "one-cycle"])
@pytest.mark.parametrize("warmup", [0.0, 0.4])
def test_a_training_of_one_step_runs_at_the_peak(name, warmup):
    config = ScheduleConfig(name=name, warmup=warmup)
    assert build_learning_rate(config)(0.3, 0, 1, 1) == pytest.approx(0.3)


@given(
    st.sampled_from(["constant", "step", "cosine", "one-cycle"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 200),
    st.data(),
)
def test_the_rate_is_positive_and_at_most_the_peak_at_every_step(
    name, warmup, final, total_steps, data
):
    own = {"step": {"every": 1}, "constant": {}}.get(name, {"final": final})
    config = ScheduleConfig(name=name, warmup=warmup, **own)
    step = data.draw(st.integers(0, total_steps - 1))
    assert 0 < build_learning_rate(config)(0.1, step, total_steps, 25) <= 0.1 * (1 + 1e-12)


def test_it_scales_with_the_base():
    config = ScheduleConfig(name="cosine", warmup=0.2)
    one, ten = rates(config, 20), rates(config, 20, base_lr=10.0)
    assert ten == pytest.approx([10 * value for value in one])
