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

from grevy.errors import ModelArgumentError, SplitTooSmallError
from grevy.figures.feature_map import Cloud, draw_feature_map
from grevy.inspection.layers import find_layer
from grevy.inspection.layout import layout_of
from grevy.inspection.maps.embedding import neighbour_purity, pca, trust, tsne
from grevy.inspection.subject import Subject
from grevy.inspection.units.examples import Examples
from grevy.inspection.view import Check, png_of
from grevy.inspection.watching import activations_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 2_000
"""Pictures of a map: more would hide each other, and take long."""

_FEWEST = 5
_AT_ONCE = 200


@dataclass(frozen=True)
class FeatureMap:
    """Look at the features of one layer for many pictures.

    Attributes:
        subject: the network.
        layer: its address; maps are averaged over rows and columns.
        split: what the pictures are.
        seed: of the sample and of t-SNE.
        most: pictures.
    """

    subject: Subject
    layer: str
    split: str
    seed: int = 0
    most: int = MOST

    def __call__(
        self, examples: Examples, logits_NK: NDArray[np.floating], labels_N: NDArray[np.int64]
    ) -> FeatureMapView:
        """Run the pictures through the network and flatten what the layer says of them.

        Args:
            examples: all pictures of the split.
            logits_NK: what the network said of them, which tells the mistakes.
            labels_N: their true classes.

        Raises:
            SplitTooSmallError: fewer than five pictures.
            LayerNotFoundError: no such layer.
            ModelArgumentError: features that are not finite.
        """
        if len(examples) < _FEWEST:
            raise SplitTooSmallError(
                f"{len(examples)} pictures", f"at least {_FEWEST}", "choose another --split"
            )
        chosen_N = sample(len(examples), self.most, self.seed)
        features_NF = self._features(examples, chosen_N)
        points_N2, shares_2 = pca(features_NF, 2)
        arrays = {
            "features_NF": features_NF,
            "pca_N2": points_N2,
            "shares_2": shares_2,
            "tsne_N2": tsne(features_NF, self.seed),
            "index_N": chosen_N,
            "labels_N": labels_N[chosen_N],
            "predicted_N": logits_NK[chosen_N].argmax(1),
        }
        kind = type(find_layer(self.subject.model, self.layer)[0]).__name__
        layer = f"{self.layer} ({kind})"
        return FeatureMapView(self.subject, layer, self.split, len(examples), self.seed, arrays)

    def _features(self, examples: Examples, chosen_N: NDArray[np.int64]) -> NDArray[np.float32]:
        pieces = []
        for start in range(0, len(chosen_N), _AT_ONCE):
            pixels = np.stack(
                [examples.picture(i) for i in chosen_N[start : start + _AT_ONCE].tolist()]
            )
            images = self.subject.prepare(pixels).images_NCHW
            output = activations_of(self.subject, images, [self.layer])[self.layer]
            layout = layout_of(self.subject, self.layer, output.shape[1:])
            pieces.append(layout.maps(output).float().mean((2, 3)).cpu())
        features_NF: NDArray[np.float32] = torch.cat(pieces).numpy()
        if not np.isfinite(features_NF).all():
            broken = int((~np.isfinite(features_NF).all(1)).sum())
            raise ModelArgumentError(
                f"layer '{self.layer}', not finite on {broken:,} of {len(chosen_N):,} pictures",
                "finite features",
                "look at its activations on one of them",
            )
        return features_NF


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
        subject: the network.
        layer: with its type.
        split: what the pictures are.
        all_pictures: in the split.
        seed: of the sample and of t-SNE.
        arrays: features_NF, pca_N2, shares_2, tsne_N2, index_N, labels_N, predicted_N.
    """

    subject: Subject
    layer: str
    split: str
    all_pictures: int
    seed: int
    arrays: Mapping[str, NDArray[Any]]

    scale = None

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """How much of the neighbourhoods among all features is left in two dimensions."""
        features_NF, labels_N = self.arrays["features_NF"], self.arrays["labels_N"]
        full = neighbour_purity(features_NF, labels_N)
        checks = [
            Check(
                "neighbours of the same class, all features",
                full,
                "",
                None,
                f"In all {features_NF.shape[1]:,} features {full:.0%} of a picture's ten nearest "
                "neighbours have its class.",
            )
        ]
        for name, key in (("PCA", "pca_N2"), ("t-SNE", "tsne_N2")):
            points_N2 = self.arrays[key]
            believed, pure = trust(features_NF, points_N2), neighbour_purity(points_N2, labels_N)
            text = (
                f"{name}: {pure:.0%} of the ten nearest in the picture have its class; "
                f"trustworthiness {believed:.3f} (1: neighbours in the picture are real ones)."
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
        return (
            *self.subject.notes,
            f"{drawn} Maps are averaged over rows and columns.",
            f"t-SNE with perplexity 30 and seed {self.seed}: who is near whom may be read, "
            "distances between groups and their sizes mean nothing.",
        )

    def draw(self) -> Figure:
        """Both clouds side by side, classes in colours, mistakes as crosses."""
        shares = self.arrays["shares_2"]
        axes = tuple(f"component {i + 1} ({share:.1%})" for i, share in enumerate(shares))
        labels_N = self.arrays["labels_N"]
        wrong_N = self.arrays["predicted_N"] != labels_N
        clouds = [
            Cloud("PCA", self.arrays["pca_N2"], axes),
            Cloud("t-SNE", self.arrays["tsne_N2"], ("", "")),
        ]
        title = f"{self.subject.name}: {self.split} pictures as {self.layer} sees them"
        return draw_feature_map(
            clouds, labels_N, wrong_N, self.subject.classes, title, self.lines, self.notes
        )

    def as_json(self) -> dict[str, Any]:
        """Coordinates, classes and checks."""
        return {
            "network": self.subject.name,
            "layer": self.layer,
            "split": self.split,
            "classes": list(self.subject.classes),
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
