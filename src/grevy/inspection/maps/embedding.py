"""Features of many pictures in two dimensions, and how far that may be believed.

Shapes: N pictures, F features, D dimensions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEIGHBOURS = 10
DIMENSIONS_BEFORE_TSNE = 50


def pca(features_NF: NDArray[np.floating], dimensions: int) -> tuple[Floats, Floats]:
    """Principal components (Pearson 1901) by singular value decomposition.

    The sign of a component is chosen so that its largest loading is positive.

    Args:
        features_NF: finite.
        dimensions: kept, at most min(N, F).

    Returns:
        Coordinates [N, D], and the share of the variance that each carries [D] (NaN where there
        is none).
    """
    centred_NF = features_NF.astype(np.float64)
    centred_NF -= centred_NF.mean(0)
    left, sizes, loadings = np.linalg.svd(centred_NF, full_matrices=False)
    signs = np.sign(loadings[np.arange(len(loadings)), np.abs(loadings).argmax(1)])
    with np.errstate(invalid="ignore"):
        shares = np.square(sizes) / np.square(sizes).sum()
    return (left * sizes * signs)[:, :dimensions], shares[:dimensions]


def tsne(features_NF: NDArray[np.floating], seed: int, perplexity: float | None = None) -> Floats:
    """Coordinates [N, 2] by t-SNE (van der Maaten and Hinton 2008), of the first 50 components.

    Started from the principal components and computed in one thread, so that a seed gives one
    picture on any number of cores. (Two threads take half the time where the cores are free, but
    wait for each other where they are not: 145 pictures then took 37 s, in one thread 1 s.)

    Args:
        features_NF: finite, at least two features, and not all pictures alike.
        seed: of what is random in it.
        perplexity: about how many neighbours it heeds; below the number of pictures;
            None: the usual number.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    components_ND, _ = pca(features_NF, DIMENSIONS_BEFORE_TSNE)
    components_ND /= components_ND[:, 0].std()  # t-SNE heeds no unit; tiny ones end the process
    heeded = usual_perplexity(len(features_NF)) if perplexity is None else perplexity
    method = TSNE(perplexity=heeded, init="pca", random_state=seed)
    with threadpool_limits(1):
        found = method.fit_transform(components_ND)
    coordinates_N2: Floats = np.asarray(found, np.float64)
    return coordinates_N2


def usual_perplexity(pictures: int) -> float:
    """For so many pictures: 30, or a third of few."""
    return min(30.0, (pictures - 1) / 3)


def purity_by_chance(labels_N: NDArray[np.int64]) -> float:
    """How often another picture, drawn blindly, has the class of the first, 0 to 1."""
    n, count_K = len(labels_N), np.bincount(labels_N)
    return float((count_K * (count_K - 1)).sum() / (n * (n - 1)))


def neighbour_purity(points_ND: NDArray[np.floating], labels_N: NDArray[np.int64]) -> float:
    """Mean share of the nearest neighbours of a picture that have its class, 0 to 1."""
    from sklearn.neighbors import NearestNeighbors

    count = min(NEIGHBOURS, len(points_ND) - 1)
    nearest = NearestNeighbors(n_neighbors=count).fit(points_ND.astype(np.float64))
    near_NM = nearest.kneighbors(return_distance=False)
    return float((labels_N[near_NM] == labels_N[:, None]).mean())


def trust(features_NF: NDArray[np.floating], points_N2: Floats) -> float:
    """Trustworthiness (Venna and Kaski 2001): 1 where neighbours in the map are real ones."""
    from sklearn.manifold import trustworthiness

    count = min(NEIGHBOURS, (len(points_N2) - 1) // 2)
    return float(trustworthiness(features_NF.astype(np.float64), points_N2, n_neighbors=count))
