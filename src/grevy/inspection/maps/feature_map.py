"""The data as a layer sees it: its features in two dimensions.

Shapes: N pictures, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier
from grevy.errors import InputError, ModelArgumentError, SplitTooSmallError
from grevy.figures.feature_map import Cloud, draw_feature_map
from grevy.inspection.addresses import find_layer
from grevy.inspection.examples import Examples, RecordedPredictions
from grevy.inspection.inspectors.feature_map import FeatureMapSettings
from grevy.inspection.layout import Kind, Layout, layout_of
from grevy.inspection.maps.embedding import (
    DIMENSIONS_BEFORE_TSNE,
    NEIGHBOURS,
    neighbour_purity,
    pca,
    purity_by_chance,
    trust,
    tsne,
    usual_perplexity,
)
from grevy.inspection.maps.notes import about_split
from grevy.inspection.view import Check, png_of, weights_told
from grevy.inspection.watching import activations_of, random_state_kept

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FEWEST = 5
_AT_ONCE = 200

_READ: dict[Kind, str] = {
    "maps": "Maps are averaged over rows and columns.",
    "channels last": "Maps are averaged over rows and columns.",
    "vector": "",
    "tokens": "The tokens of the patches are averaged.",
    "matrix": "Tokens are averaged.",
}


def look(
    classifier: Classifier,
    examples: Examples,
    predictions: RecordedPredictions,
    settings: FeatureMapSettings,
) -> FeatureMapView:
    """Run the pictures through the network and flatten what the layer says of them.

    Raises:
        SplitTooSmallError: fewer than five pictures.
        LayerNotFoundError: no such layer.
        ModelArgumentError: features that are not finite, fewer than two, or all alike.
        InputError: a perplexity that is not below the number of pictures.
    """
    if len(examples) < _FEWEST:
        raise SplitTooSmallError(
            f"{len(examples)} pictures", f"at least {_FEWEST}", "choose another --split"
        )
    chosen_N = sample(len(examples), settings.most, settings.seed)
    heeded = _perplexity(settings.perplexity, len(chosen_N))
    features_NF, read = _features(classifier, settings.layer, examples, chosen_N)
    points_N2, shares_2 = pca(features_NF, 2)
    with random_state_kept():  # a first import of scikit-learn draws from Python's
        tsne_N2 = tsne(features_NF, settings.seed, heeded)
    arrays = {
        "features_NF": features_NF,
        "pca_N2": points_N2,
        "shares_2": shares_2,
        "tsne_N2": tsne_N2,
        "index_N": chosen_N,
        "labels_N": predictions.of_split.labels_N[chosen_N],
        "predicted_N": predictions.of_split.logits_NK[chosen_N].argmax(1),
    }
    kind = type(find_layer(classifier.model, settings.layer)[0]).__name__
    return FeatureMapView(
        classifier,
        f"{settings.layer} ({kind})",
        settings.split,
        len(examples),
        settings.seed,
        heeded,
        arrays,
        read,
    )


def _perplexity(wanted: float | None, pictures: int) -> float:
    """That which is wanted, or the usual one."""
    if wanted is not None and wanted >= pictures:
        raise InputError(
            f"--perplexity {wanted:g} with {pictures} pictures",
            "a number below that of the pictures",
            "lower it, or leave it out",
        )
    return usual_perplexity(pictures) if wanted is None else wanted


def _features(
    classifier: Classifier, layer: str, examples: Examples, chosen_N: NDArray[np.int64]
) -> tuple[NDArray[np.float32], str]:
    """[N, F], and how a layer's output became F features."""
    pieces, layout = [], None
    for start in range(0, len(chosen_N), _AT_ONCE):
        some = chosen_N[start : start + _AT_ONCE].tolist()
        images = classifier.prepare(np.stack([examples.picture(i) for i in some])).images_NCHW
        output = activations_of(classifier, images, [layer])[layer]
        layout = layout or layout_of(classifier, layer, output.shape[1:])
        pieces.append(_averaged(output, layout).float().cpu())
    assert layout is not None, "a map has at least five pictures"
    features_NF: NDArray[np.float32] = torch.cat(pieces).numpy()
    _require_a_cloud(features_NF, layer)
    return features_NF, " ".join(filter(None, (layout.note, _READ[layout.kind])))


def _averaged(output: torch.Tensor, layout: Layout) -> torch.Tensor:
    """Features [N, F]: one value a channel."""
    return output.mean(1) if layout.kind == "matrix" else layout.maps(output).mean((2, 3))


def _require_a_cloud(features_NF: NDArray[np.float32], layer: str) -> None:
    """Refuse what has no two dimensions; t-SNE ends the process on pictures that are all alike."""
    pictures, features = features_NF.shape
    broken = int((~np.isfinite(features_NF).all(1)).sum())
    if broken:
        raise ModelArgumentError(
            f"layer '{layer}', not finite on {broken:,} of {pictures:,} pictures",
            "finite features",
            "look at its activations on one of them",
        )
    if features < 2:
        raise ModelArgumentError(
            f"layer '{layer}' with one feature", "at least two", "choose another layer"
        )
    if (features_NF == features_NF[0]).all():
        raise ModelArgumentError(
            f"layer '{layer}', the same on all {pictures:,} pictures",
            "features that differ",
            "choose another layer; this one may be dead",
        )


def sample(count: int, most: int, seed: int) -> NDArray[np.int64]:
    """All indices, or `most` of them drawn without replacement, in order."""
    if count <= most:
        return np.arange(count)
    drawn: NDArray[np.int64] = np.random.default_rng(seed).choice(count, most, replace=False)
    return np.sort(drawn)


@dataclass(frozen=True)
class FeatureMapView:
    """Pictures as points.

    Attributes:
        classifier: the network.
        layer: with its type.
        split: what the pictures are.
        all_pictures: in the split.
        seed: of the sample and of t-SNE.
        perplexity: of t-SNE.
        arrays: features_NF, pca_N2, shares_2, tsne_N2, index_N, labels_N, predicted_N.
        read: how the layer's output became features; "" where it was a vector.
    """

    classifier: Classifier
    layer: str
    split: str
    all_pictures: int
    seed: int
    perplexity: float
    arrays: Mapping[str, NDArray[Any]]
    read: str = ""

    scale = None

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """How much of the neighbourhoods among all features is left in two dimensions."""
        features_NF, labels_N = self.arrays["features_NF"], self.arrays["labels_N"]
        carried = float(self.arrays["shares_2"].sum())
        near = min(NEIGHBOURS, len(labels_N) - 1)
        chance = f" (by chance: {purity_by_chance(labels_N):.0%})"
        clouds = {
            f"all {features_NF.shape[1]:,} features": features_NF,
            "PCA": self.arrays["pca_N2"],
            "t-SNE": self.arrays["tsne_N2"],
        }
        text = f"The two components of PCA carry {carried:.0%} of the variance."
        checks = [Check("variance in two components", carried, "", None, text)]
        for name, points_ND in clouds.items():
            pure = neighbour_purity(points_ND, labels_N)
            text = f"In {name}, {pure:.0%} of a picture's {near} nearest have its class{chance}."
            checks.append(Check(f"nearest of the same class in {name}", pure, "", None, text))
            chance = ""
        for name in ("PCA", "t-SNE"):
            believed = trust(features_NF, clouds[name])
            text = (
                f"Trustworthiness of {name}: {believed:.3f} (1: who is near in the picture is "
                "near in all features)."
            )
            checks.append(Check(f"trustworthiness of {name}", believed, "near 1", None, text))
        return tuple(checks)

    @property
    def lines(self) -> tuple[str, ...]:
        """What was found, as sentences."""
        wrong = int((self.arrays["predicted_N"] != self.arrays["labels_N"]).sum())
        shown = len(self.arrays["labels_N"])
        return (
            f"{wrong:,} of {shown:,} pictures are mistaken ({wrong / shown:.1%}).",
            *(check.text for check in self.checks),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What may be read from it."""
        shown = len(self.arrays["labels_N"])
        drawn = (
            f"{shown:,} of {self.all_pictures:,} {self.split} pictures, drawn by seed {self.seed}."
            if shown < self.all_pictures
            else f"All {shown:,} {self.split} pictures."
        )
        kept = min(DIMENSIONS_BEFORE_TSNE, *self.arrays["features_NF"].shape)
        return (
            *self.classifier.notes,
            f"{drawn} {self.read}".rstrip(),
            f"t-SNE of the first {kept} components, with perplexity {self.perplexity:.3g} and "
            f"seed {self.seed}: who is near whom may be read; distances between groups and their "
            "sizes mean nothing.",
            *about_split(self.split),
        )

    def draw(self) -> Figure:
        """Both clouds side by side, classes in colours, mistakes as crosses."""
        shares = self.arrays["shares_2"]
        axes = tuple(f"component {i + 1} ({share:.1%})" for i, share in enumerate(shares))
        labels_N = self.arrays["labels_N"]
        wrong_N = self.arrays["predicted_N"] != labels_N
        found = {check.name: check.value for check in self.checks}
        clouds = [
            Cloud(f"{name} (trustworthiness {found[f'trustworthiness of {name}']:.3f})", points, of)
            for name, points, of in (
                ("PCA", self.arrays["pca_N2"], axes),
                ("t-SNE", self.arrays["tsne_N2"], ("", "")),
            )
        ]
        told = (*weights_told(self.classifier), *self.notes[len(self.classifier.notes) :])
        title = f"{self.classifier.name}: {self.split} pictures as {self.layer} sees them"
        return draw_feature_map(
            clouds, labels_N, wrong_N, self.classifier.classes, title, self._told(), told
        )

    def _told(self) -> tuple[str, ...]:
        """On the figure: the mistakes, and how pure the neighbourhoods are."""
        pure = {
            check.name.rpartition(" in ")[2]: check.value
            for check in self.checks
            if check.name.startswith("nearest of the same class in ")
        }
        shares = ", ".join(f"{share:.0%} in {where}" for where, share in pure.items())
        chance = purity_by_chance(self.arrays["labels_N"])
        near = min(NEIGHBOURS, len(self.arrays["labels_N"]) - 1)
        nearest = f"Of the {near} nearest of a picture so many have its class: {shares}"
        return (self.lines[0], f"{nearest}; by chance {chance:.0%}.")

    def as_json(self) -> dict[str, Any]:
        """Coordinates, classes and checks."""
        return {
            "network": self.classifier.name,
            "layer": self.layer,
            "split": self.split,
            "classes": list(self.classifier.classes),
            "pca_shares": self.arrays["shares_2"].tolist(),
            "pictures": [
                {"index": i, "label": y, "predicted": p, "pca": a, "tsne": b}
                for i, y, p, a, b in zip(
                    *(
                        self.arrays[name].tolist()
                        for name in ("index_N", "labels_N", "predicted_N", "pca_N2", "tsne_N2")
                    ),
                    strict=True,
                )
            ],
            "checks": [check.as_json() for check in self.checks],
            "notes": list(self.notes),
        }

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())
