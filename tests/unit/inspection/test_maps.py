from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor, nn

import grevy
from grevy.arithmetic.proportion import wilson
from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.classifier.run import Run
from grevy.errors import (
    EmptyDataError,
    GrevyError,
    InputError,
    LayerNotFoundError,
    ModelArgumentError,
    SplitTooSmallError,
)
from grevy.inspection.examples import Examples, RecordedPredictions
from grevy.inspection.look import look
from grevy.inspection.maps.calibration import CalibrationView
from grevy.inspection.maps.calibration_numbers import (
    best_temperature,
    bins_of,
    brier_score,
    error_interval,
    negative_log_likelihood,
    probabilities_of,
)
from grevy.inspection.maps.embedding import (
    neighbour_purity,
    pca,
    purity_by_chance,
    trust,
    tsne,
    usual_perplexity,
)
from grevy.inspection.maps.feature_map import FeatureMapView, sample
from grevy.inspection.maps.mistakes import MistakesView, surest_mistakes
from grevy.inspection.registry import find
from grevy.models import build_model
from grevy.records.predictions import Predictions
from grevy.training.listeners.listener import Listener

RANDOM = np.random.default_rng(0)


def calibrated(
    split: str, predictions: Predictions, validation: Predictions | None = None
) -> CalibrationView:
    calibration = find("calibration")
    recorded = RecordedPredictions("run", predictions, validation)
    return calibration.look(recorded, calibration.read({"split": split}))


def mistaken(
    classifier: Classifier, examples: Examples, logits: np.ndarray, labels: np.ndarray, **settings
) -> MistakesView:
    mistakes, predictions = find("mistakes"), Predictions(logits, labels, ())
    recorded = RecordedPredictions("run", predictions)
    return mistakes.look(classifier, examples, recorded, mistakes.read(settings))


def mapped(
    classifier: Classifier, examples: Examples, logits: np.ndarray, labels: np.ndarray, **settings
) -> FeatureMapView:
    feature_map, predictions = find("feature-map"), Predictions(logits, labels, ())
    recorded = RecordedPredictions("run", predictions)
    return feature_map.look(classifier, examples, recorded, feature_map.read(settings))


def simulated(n: int, temperature: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are right as often as their softmax says at `temperature`."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (n, 5))
    p = probabilities_of(logits)
    labels = (p.cumsum(1) > random.uniform(size=(n, 1))).argmax(1)
    return logits * temperature, labels


def test_bins_of_equal_width_by_hand() -> None:
    confidence = np.array([0.2, 0.3, 0.6, 0.9, 1.0])
    right = np.array([False, True, True, True, False])
    bins = bins_of(confidence, right, "equal width", 2)
    assert bins.count_B.tolist() == [2, 3]
    assert bins.confidence_B.tolist() == pytest.approx([0.25, 2.5 / 3])
    assert bins.accuracy_B.tolist() == pytest.approx([0.5, 2 / 3])
    assert bins.expected_error == pytest.approx((2 * 0.25 + 3 * (2.5 / 3 - 2 / 3)) / 5)
    assert bins.maximal_error == pytest.approx(0.25)
    assert bins.pictures_of_maximal_error == 2


def test_bins_of_equal_mass_hold_equally_many() -> None:
    confidence = np.array([0.9, 0.2, 0.91, 0.3, 0.92, 0.93])
    bins = bins_of(confidence, np.ones(6, bool), "equal mass", 3)
    assert bins.count_B.tolist() == [2, 2, 2]
    assert bins.confidence_B.tolist() == pytest.approx([0.25, 0.905, 0.925])


def test_an_empty_bin_counts_for_nothing() -> None:
    bins = bins_of(np.array([0.95, 0.99]), np.array([True, True]), "equal width", 10)
    assert bins.count_B.tolist() == [0] * 9 + [2]
    assert bins.expected_error == pytest.approx(0.03)


def test_wilson_intervals_are_those_of_statsmodels() -> None:
    from statsmodels.stats.proportion import proportion_confint

    right, count = np.array([0.0, 3, 10, 40]), np.array([5, 9, 10, 200])
    low, high = wilson(right, count)
    expected = proportion_confint(right, count, method="wilson")
    np.testing.assert_allclose(low, expected[0], atol=1e-9)
    np.testing.assert_allclose(high, expected[1], atol=1e-9)


def test_honest_probabilities_have_almost_no_error() -> None:
    logits, labels = simulated(20_000, 1.0)
    confidence, right = probabilities_of(logits).max(1), logits.argmax(1) == labels
    assert bins_of(confidence, right, "equal width").expected_error < 0.015
    low, high = error_interval(confidence[:2000], right[:2000], "equal width", 0)
    assert low < 0.03
    assert high < 0.06


def test_the_temperature_undoes_what_made_logits_too_sure() -> None:
    logits, labels = simulated(20_000, 2.0)
    assert best_temperature(logits, labels) == pytest.approx(2.0, rel=0.05)
    view = calibrated(
        "test",
        Predictions(*simulated(5_000, 2.0, seed=1), ()),
        Predictions(logits, labels, ()),
    )
    n = view.numbers
    assert n["expected_calibration_error"] > 0.08
    assert n["expected_calibration_error_after"] < 0.03
    assert n["negative_log_likelihood_after"] < n["negative_log_likelihood"]
    assert n["mean_confidence"] > n["accuracy"]
    assert any("too sure" in line for line in view.lines)


def test_a_temperature_that_validation_does_not_determine_is_said() -> None:
    labels = np.arange(6) % 3
    right = Predictions(np.eye(3, dtype=np.float32)[labels], labels, ())
    view = calibrated("test", right, right)
    assert view.temperature == 0.05
    assert any("does not determine it" in note for note in view.notes)
    fair = Predictions(*simulated(500, 1.0), ())
    told = calibrated("test", fair, fair).notes
    assert not any("does not determine it" in note for note in told)


def test_only_a_look_at_test_says_that_test_is_for_looking() -> None:
    some = Predictions(*simulated(50, 1.0), ())
    for split, said in (("validation", False), ("test", True)):
        notes = " ".join(calibrated(split, some, some).notes)
        assert ("choose nothing by it" in notes) is said
        assert ("which flatters it" in notes) is not said


def test_logits_that_are_no_numbers_are_refused() -> None:
    logits, labels = simulated(20, 1.0)
    logits[3, 1] = np.nan
    with pytest.raises(InputError, match="1 test picture"):
        calibrated("test", Predictions(logits, labels, ()))


def test_loss_and_brier_score_by_hand() -> None:
    logits = np.log(np.array([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25]]))
    labels = np.array([0, 2])
    assert negative_log_likelihood(logits, labels) == pytest.approx(-np.log([0.7, 0.25]).mean())
    first, second = 0.3**2 + 0.2**2 + 0.1**2, 0.5**2 + 0.25**2 + 0.75**2
    assert brier_score(probabilities_of(logits), labels) == pytest.approx((first + second) / 2)


def test_calibration_of_no_picture_is_refused() -> None:
    nothing = Predictions(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), ())
    with pytest.raises(EmptyDataError):
        calibrated("test", nothing)


def test_principal_components_are_those_of_sklearn() -> None:
    features = RANDOM.normal(size=(50, 8)) @ RANDOM.normal(size=(8, 8))
    points, shares = pca(features, 3)
    theirs = PCA(3).fit(features)
    np.testing.assert_allclose(shares, theirs.explained_variance_ratio_, atol=1e-9)
    np.testing.assert_allclose(np.abs(points), np.abs(theirs.transform(features)), atol=1e-8)


def test_two_groups_stay_apart_and_a_seed_gives_one_picture() -> None:
    labels = np.arange(60) % 2
    features = RANDOM.normal(size=(60, 12)) + 20 * labels[:, None]
    points = tsne(features, 3)
    assert neighbour_purity(points, labels) == 1.0
    assert trust(features, points) > 0.8
    np.testing.assert_array_equal(points, tsne(features, 3))
    assert neighbour_purity(RANDOM.normal(size=(2000, 2)), RANDOM.integers(0, 2, 2000)) < 0.55


def test_trustworthiness_is_that_of_its_definition() -> None:
    features, points = RANDOM.normal(size=(40, 6)), RANDOM.normal(size=(40, 2))
    n, k, penalty = 40, 10, 0

    def order(values: np.ndarray, i: int) -> list[int]:
        distances = np.linalg.norm(values - values[i], axis=1)
        return [j for j in np.argsort(distances).tolist() if j != i]

    for i in range(n):
        ranks = {j: rank + 1 for rank, j in enumerate(order(features, i))}
        penalty += sum(max(0, ranks[j] - k) for j in order(points, i)[:k])
    assert trust(features, points) == pytest.approx(1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty)


def test_purity_by_hand() -> None:
    points, labels = np.array([[0.0], [1.0], [2.0]]), np.array([0, 0, 1])
    assert neighbour_purity(points, labels) == pytest.approx(2 / 6)  # all others are neighbours
    assert purity_by_chance(labels) == pytest.approx(2 / 6)
    assert usual_perplexity(2000) == 30
    assert usual_perplexity(31) == 10


@pytest.mark.parametrize("unit", [1e-40, 1e30])
def test_tsne_heeds_no_unit(unit: float) -> None:
    features = (unit * RANDOM.normal(size=(30, 5))).astype(np.float32)
    points = tsne(features, 0)
    assert np.isfinite(points).all()
    assert trust(features, points) > 0.7


def test_samples_are_seeded_and_without_repetition() -> None:
    assert sample(5, 9, 0).tolist() == [0, 1, 2, 3, 4]
    drawn = sample(1000, 100, 1)
    assert len(set(drawn.tolist())) == 100
    assert drawn.tolist() == sample(1000, 100, 1).tolist() != sample(1000, 100, 2).tolist()


def test_the_surest_mistake_comes_first() -> None:
    p = np.array([[0.6, 0.4], [0.1, 0.9], [0.3, 0.7], [0.2, 0.8]])
    assert surest_mistakes(p, np.array([1, 0, 1, 0])).tolist() == [1, 3, 0]


def pictures_of(count: int) -> Examples:
    pixels = RANDOM.integers(0, 256, (count, 3, 32, 32), np.uint8)
    return Examples(pixels, [str(i) for i in range(count)], "pictures")


def test_mistakes_come_with_two_maps_and_leave_the_network_alone() -> None:
    torch.manual_seed(0)
    model = build_model("base", (3, 32, 32), 10).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    classifier = classifier_of_module(model, (3, 32, 32), name="base")
    logits = RANDOM.normal(size=(8, 10)).astype(np.float32)
    labels = np.concatenate([logits[:3].argmax(1), (logits[3:].argmax(1) + 1) % 10])
    view = mistaken(classifier, pictures_of(8), logits, labels, shown=4)
    assert view.counts == (5, 8)
    assert view.arrays["maps_M2HW"].shape == (4, 2, 4, 4)
    assert (view.arrays["index_M"] >= 3).all()
    shown = json.loads(json.dumps(view.as_json(), allow_nan=False))["pictures"]
    assert shown[0]["predicted_probability"] >= shown[-1]["predicted_probability"]
    assert shown[0]["true"] != shown[0]["predicted"]
    assert view.draw().texts
    assert model.training
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())
    none = mistaken(classifier, pictures_of(2), logits[:2], logits[:2].argmax(1))
    assert none.counts == (0, 2)
    assert none.draw().texts


def test_a_feature_map_says_how_far_it_may_be_believed() -> None:
    classifier = classifier_of_module(
        build_model("base", (3, 32, 32), 10), (3, 32, 32), name="base"
    )
    logits, labels = RANDOM.normal(size=(30, 10)), RANDOM.integers(0, 10, 30)
    view = mapped(classifier, pictures_of(30), logits, labels, layer="conv3", most=20)
    assert view.arrays["features_NF"].shape == (20, 128)
    assert view.arrays["tsne_N2"].shape == (20, 2)
    np.testing.assert_array_equal(view.arrays["labels_N"], labels[view.arrays["index_N"]])
    assert "20 of 30" in " ".join(view.notes)
    carried = {check.name: check.value for check in view.checks}
    assert carried["variance in two components"] == pytest.approx(
        PCA(2).fit(view.arrays["features_NF"]).explained_variance_ratio_.sum(), abs=1e-5
    )
    assert len(carried) == 6
    assert "averaged over rows and columns" in view.notes[0]
    assert "perplexity 6.33" in view.notes[1]
    assert json.dumps(view.as_json(), allow_nan=False)
    assert view.draw().texts
    with pytest.raises(SplitTooSmallError):
        mapped(classifier, pictures_of(3), logits[:3], labels[:3], layer="conv3")
    with pytest.raises(LayerNotFoundError, match="conv3"):
        mapped(classifier, pictures_of(30), logits, labels, layer="conv33")


class Tokens(nn.Module):
    """Eleven tokens on no grid, then averaged; no layer has rows and columns."""

    def __init__(self, features: int = 7) -> None:
        super().__init__()
        self.embed = nn.Linear(48, features)
        self.head = nn.Linear(features, 10)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        return self.head(
            self.embed(images_NCHW.flatten(1)[:, : 11 * 48].unflatten(1, (11, 48))).mean(1)
        )


def test_tokens_are_averaged_to_a_feature_a_channel() -> None:
    model = Tokens()
    classifier = classifier_of_module(model, (3, 32, 32), name="tokens")
    examples, labels = pictures_of(12), RANDOM.integers(0, 10, 12)
    view = mapped(
        classifier, examples, RANDOM.normal(size=(12, 10)), labels, layer="embed", split="test"
    )
    images = torch.as_tensor(examples.pixels_NCHW).float() / 255
    with torch.no_grad():
        expected = model.embed(images.flatten(1)[:, : 11 * 48].unflatten(1, (11, 48))).mean(1)
    np.testing.assert_allclose(view.arrays["features_NF"], expected.numpy(), atol=1e-5)
    assert "Tokens are averaged" in view.notes[0]
    assert "choose nothing by it" in view.notes[-1]


def test_layers_without_two_dimensions_are_refused_and_do_not_end_the_process() -> None:
    logits, labels = RANDOM.normal(size=(12, 10)), RANDOM.integers(0, 10, 12)
    one = classifier_of_module(Tokens(features=1), (3, 32, 32), name="one")
    with pytest.raises(ModelArgumentError, match="one feature"):
        mapped(one, pictures_of(12), logits, labels, layer="embed")
    model = Tokens()
    nn.init.zeros_(model.embed.weight)
    dead = classifier_of_module(model, (3, 32, 32), name="dead")
    with pytest.raises(ModelArgumentError, match="the same on all 12 pictures"):
        mapped(dead, pictures_of(12), logits, labels, layer="embed")


def test_mistakes_of_a_network_without_maps_show_gradients_and_say_so() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    classifier = classifier_of_module(model, (3, 32, 32), name="linear")
    logits = RANDOM.normal(size=(4, 10)).astype(np.float32)
    labels = (logits.argmax(1) + 1) % 10
    view = mistaken(classifier, pictures_of(4), logits, labels, shown=2)
    of_class_KHW = model[1].weight.detach().abs().reshape(10, 3, 32, 32).amax(1).numpy()
    chosen = view.arrays["index_M"]
    for place, classes in enumerate((logits.argmax(1), labels)):
        found = view.arrays["maps_M2HW"][:, place]
        np.testing.assert_allclose(found, of_class_KHW[classes[chosen]], atol=1e-6)
    assert "size of the gradient" in " ".join(view.notes)
    assert view.draw().texts
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("maps") / "digits"
    recipe = {
        "epochs": 1,
        "precision": "fp32",
        "pictures": {"size": 16},
        "model": {"name": "base", "convnet": {"widths": [4, 8]}},
    }
    return grevy.train("digits", recipe, out=out, listener=Listener())


def test_the_doors_open_a_run(run: Run) -> None:
    assert look(run=run, map="calibration", split="test").numbers["temperature"] > 0
    assert look(run=run, map="mistakes", split="test", shown=2).counts[1] == 359
    assert look(run=run.path, map="linear1").arrays["features_NF"].shape == (145, 64)
    with pytest.raises(GrevyError):
        look(run=run, map="mistakes", split="tests")


@pytest.mark.parametrize("name", ["calibration", "mistakes"])
def test_looking_at_test_pictures_or_their_predictions_is_counted_once_a_call(
    run: Run, name: str
) -> None:
    before = run.record.test_reads
    look(run=run, map=name, split="validation")
    assert run.record.test_reads == before
    look(run=run, map=name, split="test")
    assert run.record.test_reads == before + 1
