import numpy as np
import pytest
import torch
import torch.nn.functional as F

from grevy.models.whitening import Whitening, patch_covariance, whitening_filters


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    """Smooth pictures, so that neighbours correlate as in photographs; the mean is not 0."""
    noise = torch.randn(600, 3, 14, 12, generator=torch.Generator().manual_seed(0))
    return F.avg_pool2d(noise, 3, 1) * 2 + torch.tensor([0.5, -1.0, 0.2]).view(1, 3, 1, 1)


def patches_by_hand(pictures: torch.Tensor, side: int) -> np.ndarray:
    """One row a patch, cut out with plain slices."""
    array = pictures.numpy()
    rows, columns = array.shape[2] - side + 1, array.shape[3] - side + 1
    return np.concatenate(
        [
            array[:, :, y : y + side, x : x + side].reshape(len(array), -1)
            for y in range(rows)
            for x in range(columns)
        ]
    )


@pytest.mark.parametrize("side", [1, 2, 3])
def test_the_covariance_is_that_of_numpy_over_all_patches(
    pictures: torch.Tensor, side: int
) -> None:
    expected = np.cov(patches_by_hand(pictures, side).T.astype(np.float64), bias=True)
    found = patch_covariance(pictures, side)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("side", [2, 3])
def test_whitened_patches_have_unit_variance_and_no_correlation(
    pictures: torch.Tensor, side: int
) -> None:
    half = 3 * side**2
    answers = F.conv2d(pictures, whitening_filters(pictures, side, epsilon=0.0))
    values = answers.transpose(0, 1).flatten(1).double()
    np.testing.assert_allclose(torch.cov(values[:half]), np.eye(half), atol=2e-3)
    assert torch.equal(answers[:, half:], -answers[:, :half])


def test_epsilon_keeps_a_direction_without_variance_small(pictures: torch.Tensor) -> None:
    gray = pictures[:, :1].expand(-1, 3, -1, -1)  # channels alike: two of three directions empty
    largest = whitening_filters(gray, 1, epsilon=0.01).abs().max()
    assert float(largest) <= 0.01**-0.5


def test_the_layer_trains_its_bias_only(pictures: torch.Tensor) -> None:
    layer = Whitening(3, 2)
    layer.whiten(pictures)
    assert layer(pictures).shape == (600, 24, 11, 9)
    assert [name for name, p in layer.named_parameters() if p.requires_grad] == ["bias"]
    assert sum(p.numel() for p in layer.parameters()) == 24 * 3 * 4 + 24
    assert torch.equal(layer.weight, whitening_filters(pictures, 2))
