"""Weights from a publisher: fetched once, checked, and a clear error where that fails."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from source_forms import Server, serving

from grevy.errors import (
    ChecksumError,
    DownloadError,
    UnknownModelError,
    UsageError,
    WeightsError,
)
from grevy.models import build_model
from grevy.models.transfer import published
from grevy.models.transfer.initial import begin_with


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("GREVY_CACHE", str(tmp_path / "cache"))
    with serving() as server:
        yield server


def a_file() -> tuple[dict[str, torch.Tensor], bytes]:
    torch.manual_seed(3)
    weights = build_model("resnet18", (3, 64, 64), 1000).state_dict()
    content = io.BytesIO()
    torch.save(weights, content)
    return weights, content.getvalue()


def publish(server: Server, monkeypatch: pytest.MonkeyPatch, content: bytes, digits: str) -> str:
    name = f"resnet18-{digits}.pth"
    server.files[name] = content
    monkeypatch.setitem(published.OURS, "resnet18", server.url(name))
    return name


def test_published_weights_are_fetched_once_and_checked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, content = a_file()
    publish(server, monkeypatch, content, hashlib.sha256(content).hexdigest()[:8])
    for _ in range(2):
        network = build_model("resnet18", (3, 32, 32), 5)
        beginning = begin_with(network, "resnet18", "pretrained")
        assert torch.equal(network.conv1.weight, weights["conv1.weight"])
        assert beginning.loaded.sha256 == hashlib.sha256(content).hexdigest()
    assert len(server.asked) == 1


def test_another_content_than_published_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, content = a_file()
    publish(server, monkeypatch, content, "0badc0de")
    with pytest.raises(ChecksumError, match="0badc0de"):
        begin_with(build_model("resnet18", (3, 32, 32), 5), "resnet18", "pretrained")
    assert not list((tmp_path / "cache").rglob("*.pth"))


def test_without_a_network_the_address_is_named(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(published.OURS, "resnet18", "http://127.0.0.1:9/resnet18-f37072fd.pth")
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:9/resnet18-f37072fd\.pth"):
        begin_with(build_model("resnet18", (3, 32, 32), 5), "resnet18", "pretrained")


def test_a_url_s_checksum_is_that_of_the_user(server: Server) -> None:
    weights, content = a_file()
    server.files["mine.pth"] = content
    url, digest = server.url("mine.pth"), hashlib.sha256(content).hexdigest()
    network = build_model("resnet18", (3, 32, 32), 5)
    with pytest.raises(ChecksumError):
        begin_with(network, "resnet18", f"{url}#sha256={'0' * 64}")
    begin_with(network, "resnet18", f"{url}#sha256={digest}")
    assert torch.equal(network.conv1.weight, weights["conv1.weight"])
    with pytest.raises(ChecksumError):  # also now that it is there
        begin_with(network, "resnet18", f"{url}#sha256={'0' * 64}")


def test_files_of_one_name_at_two_addresses_are_two_files(server: Server) -> None:
    _, content = a_file()
    other = {name: tensor + 1 for name, tensor in a_file()[0].items()}
    buffer = io.BytesIO()
    torch.save(other, buffer)
    server.files["a/model.pth"], server.files["b/model.pth?download=true"] = (
        content,
        buffer.getvalue(),
    )
    first, second = (build_model("resnet18", (3, 32, 32), 5) for _ in range(2))
    begin_with(first, "resnet18", server.url("a/model.pth"))
    begin_with(second, "resnet18", server.url("b/model.pth?download=true"))
    torch.testing.assert_close(second.conv1.weight, first.conv1.weight + 1)


@pytest.mark.parametrize("name", ["timm:nonsense", "torchvision:nonsense"])
def test_a_network_that_the_zoo_does_not_have_is_said_before_its_weights(name: str) -> None:
    with pytest.raises(UnknownModelError, match="nonsense"):
        published.published_preprocessing(name)
    with pytest.raises(UnknownModelError, match="nonsense"):
        published.fetch_published(name)


def test_a_tag_that_timm_does_not_have_is_said() -> None:
    with pytest.raises(WeightsError, match=r"resnet18\.nonsense"):
        published.published_preprocessing("timm:resnet18.nonsense")


def test_a_place_on_the_hub_needs_three_parts() -> None:
    with pytest.raises(UsageError, match="hf:OWNER/NAME/FILE"):
        begin_with(build_model("resnet18", (3, 32, 32), 5), "resnet18", "hf:owner/name")


def test_weights_of_another_architecture_say_what_fits_and_what_does_not(
    server: Server,
) -> None:
    _, content = a_file()
    server.files["eighteen.pth"] = content
    network = build_model("resnet34", (3, 32, 32), 5)
    before = network.conv1.weight.clone()
    with pytest.raises(WeightsError, match=r"fit 122 of the model's 218 tensors.*lacks.*layer1\.2"):
        begin_with(network, "resnet34", server.url("eighteen.pth"))
    assert torch.equal(network.conv1.weight, before)
