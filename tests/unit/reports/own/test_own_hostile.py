"""Text that means harm, or that nobody thought of, in a report of one's own."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grevy.documents.blocks import Code, Document, Figure, Paragraph, plain
from grevy.documents.html import as_html
from grevy.documents.latex import as_latex
from grevy.documents.markdown import as_markdown
from grevy.errors import DataFormatError, DataNotFoundError, DirectiveError
from grevy.reports.report import report

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0H9"/>{}</svg>'


def written(folder: Path, text: str) -> Document:
    (folder / "mine.md").write_bytes(text.encode())
    return report(folder / "mine.md").content


def words(document: Document) -> str:
    return "\n".join(plain(getattr(block, "text", "")) for block in document.blocks)


def png(path: Path) -> None:
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(path)


def test_html_of_the_author_is_text(tmp_path: Path) -> None:
    text = "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> **a**<b>b</b>"
    page = as_html(written(tmp_path, text))
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_link_that_would_run_something_is_text(tmp_path: Path) -> None:
    text = "[a](javascript:alert(1)) [b](data:text/html,x) [c](file:///etc/passwd) <vbscript:x>"
    page = as_html(written(tmp_path, text))
    assert "href" not in page


def test_signs_stay_what_they_are_in_every_form(tmp_path: Path) -> None:
    document = written(tmp_path, r"a \*b\* \{{ value x }} & \\input{x} $5 100% #1 \`c\`")
    assert words(document) == r"a *b* {{ value x }} & \input{x} $5 100% #1 `c`"
    assert r"\input" not in as_latex(document)
    assert r"\*b\*" in as_markdown(document)


def test_braces_in_code_stay_text(tmp_path: Path) -> None:
    document = written(tmp_path, "`{{ value x y }}`\n\n```\n{{ nothing }}\n```\n\n    {{ more\n")
    assert words(document).startswith("{{ value x y }}")
    assert [b.text for b in document.blocks if isinstance(b, Code)] == ["{{ nothing }}", "{{ more"]


def test_a_class_that_looks_like_a_directive_is_text(own_runs: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(own_runs / "runs")
    page = as_html(written(tmp_path, "{{ table runs/one classes }}\n\n{{ figure runs/one loss }}"))
    assert "do*wn* &lt;b&gt;{{ value x }}|`" in page


def test_line_ends_and_marks_of_other_systems_change_nothing(tmp_path: Path) -> None:
    text = "# T\n\none\ntwo\n\n{{ size --input 8 --kernel 3 }}\n"
    assert written(tmp_path, "\ufeff" + text.replace("\n", "\r\n")) == written(tmp_path, text)


def test_the_line_is_right_with_line_ends_of_other_systems(tmp_path: Path) -> None:
    with pytest.raises(DirectiveError, match=r"mine.md, line 3: unknown directive"):
        written(tmp_path, "\ufeffa\r\n\r\n{{ nothing }}\r\n")


def test_another_encoding_is_refused_with_the_line_and_the_one_to_choose(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_bytes("eins\nzwei\nGr\u00f6\u00dfe\n".encode("latin-1"))
    with pytest.raises(DataFormatError, match="line 3: a letter that is not in UTF-8"):
        report(tmp_path / "mine.md")


def test_what_is_no_text_and_what_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_bytes(b"a\0b")
    with pytest.raises(DataFormatError, match="no text"):
        report(tmp_path / "mine.md")
    with pytest.raises(DataNotFoundError, match="grevy report --draft"):
        report(tmp_path / "other.md")


def test_a_text_of_five_megabytes_is_refused_at_once(tmp_path: Path) -> None:
    began = time.process_time()
    with pytest.raises(DataFormatError, match="more than 2 MB"):
        written(tmp_path, "word " * 1_000_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("text", ["{{ " * 100_000, "{{ x\n" * 20_000, '{{ "' * 60_000])
def test_open_braces_without_end_are_refused_soon(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    with pytest.raises(DirectiveError, match=r"line 1: .* without its end"):
        written(tmp_path, text)
    assert time.process_time() - began < 10


@pytest.mark.parametrize("text", ["> " * 500 + "a", "- " * 500 + "a", "*" * 400 + "a" + "*" * 400])
def test_nesting_without_end_is_refused_and_not_cut(tmp_path: Path, text: str) -> None:
    with pytest.raises(DirectiveError, match=r"line 3: .* nested .* deep"):
        written(tmp_path, f"a\n\n{text}\n")


def test_lists_in_lists_lose_no_word(tmp_path: Path) -> None:
    text = "".join(f"{'  ' * depth}- word{depth}\n" for depth in range(8))
    items = written(tmp_path, text).blocks[0]
    assert [plain(item).removeprefix("– " * depth) for depth, item in enumerate(items.items)] == [
        f"word{depth}" for depth in range(8)
    ]


def test_a_picture_beside_the_text_or_below_is_a_figure(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    png(tmp_path / "pictures" / "my zebra.png")
    png(tmp_path / "drawn.png")
    (tmp_path / "drawn.svg").write_text(SVG.format(""))
    document = written(
        tmp_path,
        'words ![a zebra](pictures/my%20zebra.png "Seen in 2024") more\n\n![d](drawn.svg)\n\n'
        '{{ picture drawn.png "Drawn" }}\n',
    )
    paragraph, zebra, drawn, named = document.blocks
    assert isinstance(paragraph, Paragraph)
    assert isinstance(zebra, Figure)
    assert isinstance(drawn, Figure)
    assert isinstance(named, Figure)
    assert zebra.alternative == "a zebra"
    assert zebra.caption == "Seen in 2024"
    assert zebra.size == (6, 4)
    assert drawn.svg.startswith(b"<svg")
    assert named.caption == "Drawn"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("../out.png", "leaves the folder"),
        ("below/../../out.png", "leaves the folder"),
        ("link.png", "leaves the folder"),
        ("%2E%2E/out.png", "leaves the folder"),
        ("/etc/hostname", "a report fetches nothing"),
        ("https://a.org/x.png", "a report fetches nothing"),
        ("nothing.png", "no picture 'nothing.png'"),
        ("words.png", "'words.png'"),
        ("runs.svg", "runs or fetches something"),
        ("alone.svg", "no picture 'alone.png'"),
    ],
)
def test_other_pictures_are_refused_with_their_line(
    tmp_path: Path, address: str, said: str
) -> None:
    folder = tmp_path / "text"
    folder.mkdir()
    png(tmp_path / "out.png")
    (folder / "link.png").symlink_to(tmp_path / "out.png")
    (folder / "words.png").write_text("words")
    png(folder / "runs.png")
    (folder / "runs.svg").write_text(SVG.format("<script>alert(1)</script>"))
    (folder / "alone.svg").write_text(SVG.format(""))
    with pytest.raises(DirectiveError, match=r"mine.md, line 3: ") as caught:
        written(folder, f"a\n\n![x]({address})\n")
    assert said in str(caught.value)
