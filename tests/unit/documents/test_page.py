"""A whole HTML page: contents, where values are from, the records it was made from, its size."""

import json
import random
import re
from html.parser import HTMLParser
from io import BytesIO

import pytest
from PIL import Image

from grevy.documents.blocks import (
    Document,
    Figure,
    Heading,
    Matrix,
    Origin,
    Paragraph,
    Table,
    Value,
)
from grevy.documents.html import as_html, page_hash
from grevy.documents.write import write_document

ACCURACY = Value("0.7340", "base-seed0", "results.test.accuracy", ".4f")
CONTENT = {"classes": ["</script><b>", "斑马 & ] --> \u2028"], "accuracy": 0.734}
ORIGIN = Origin(
    "base-seed0",
    ("runs/base seed0", "runs/b"),
    (("run.json", "a" * 64), ("predictions/test.safetensors", "b" * 64)),
    json.dumps(CONTENT),
)
DOCUMENT = Document(
    "A report",
    (*(Heading(f"Section {number}") for number in range(5)), Paragraph(("it is ", ACCURACY, "!"))),
    (ORIGIN,),
)


class Elements(HTMLParser):
    """Every element as tag, attributes and the text directly in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs), []))
        if tag not in {"meta", "img"}:
            self.open.append(self.found[-1][2])

    def handle_endtag(self, tag):
        self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.open[-1].append(data)

    def of(self, tag):
        return [(attributes, "".join(text)) for name, attributes, text in self.found if name == tag]

    def by_id(self, name):
        (text,) = ["".join(text) for _, a, text in self.found if a.get("id") == name]
        return text


def png(width, height, seed=None):
    file = BytesIO()
    if seed is None:
        Image.new("RGB", (width, height), "orange").save(file, "png")
    else:
        noise = random.Random(seed).randbytes(3 * width * height)
        Image.frombytes("RGB", (width, height), noise).save(file, "png")
    return file.getvalue()


def test_a_value_holds_its_text_alone_and_says_whence_it_is_and_how_to_read_it_again():
    page = Elements(as_html(DOCUMENT, whole_page=True))
    ((value, text),) = [(a, t) for a, t in page.of("span") if a.get("class") == "value"]
    assert text == "0.7340"
    assert value["data-record"] == "base-seed0"
    assert value["data-field"] == "results.test.accuracy"
    assert value["data-form"] == ".4f"
    assert value["aria-description"] == (
        "results.test.accuracy of base-seed0. To read it again: "
        "grevy report 'runs/base seed0' runs/b --value results.test.accuracy"
    )


def test_the_records_are_there_for_people_and_for_programs():
    html = as_html(DOCUMENT, whole_page=True)
    page = Elements(html)
    assert json.loads(page.by_id("grevy-records")) == [
        {
            "name": "base-seed0",
            "places": ["runs/base seed0", "runs/b"],
            "files": {"run.json": "a" * 64, "predictions/test.safetensors": "b" * 64},
            "content": CONTENT,
        }
    ]
    assert html.count("</script>") == 1
    assert page.of("summary") == [({"dir": "auto"}, "base-seed0")]
    assert {"run.json", "a" * 64, "b" * 64} <= {text for _, text in page.of("td")}


def test_the_page_knows_its_own_sum_and_a_changed_digit_breaks_it(tmp_path):
    path = write_document(DOCUMENT, tmp_path / "a.html")
    html = path.read_text(encoding="utf-8")
    stated = Elements(html).by_id("grevy-text")
    assert re.fullmatch("[0-9a-f]{64}", stated)
    assert page_hash(html) == stated
    assert page_hash(html.replace("0.7340", "0.7341")) != stated
    assert page_hash(html.replace(stated, "0" * 64)) == stated


def test_five_sections_have_a_table_of_contents_that_leads_to_them_and_four_have_none():
    page = Elements(as_html(DOCUMENT, whole_page=True))
    ids = {attributes.get("id") for attributes, _ in page.of("h2")}
    links = [attributes["href"] for attributes, _ in page.of("a")]
    assert links == [*(f"#section-{number}" for number in range(1, 6)), "#records"]
    assert {link.removeprefix("#") for link in links} == ids
    four = Document("A report", DOCUMENT.blocks[1:])
    assert not Elements(as_html(four, whole_page=True)).of("nav")
    assert not Elements(as_html(DOCUMENT)).of("nav")


def test_headings_never_skip_a_level():
    blocks = (Heading("a", 4), Heading("b", 6), Heading("c", 2), Heading("d", 3), Heading("e", 3))
    html = as_html(Document("t", blocks), whole_page=True)
    assert re.findall(r"<h(\d)", html) == ["1", "2", "3", "2", "3", "3"]


def test_only_what_may_be_wider_than_a_screen_scrolls_by_keyboard_and_each_under_its_own_name():
    narrow = Table(("a", "b"), (("1", "2"),), title="Narrow")
    wide = Table(("a", "b"), (("word " * 9, "2"),), title="Same")
    matrix = Matrix("Long", (tuple(map(str, range(30))),))
    page = Elements(as_html(Document("", (narrow, wide, wide, matrix)), whole_page=True))
    regions = [a for a, _ in page.of("div") if a.get("role") == "region"]
    names = [region["aria-label"] for region in regions]
    assert names == ["Table 2: Same", "Table 3: Same", "Matrix 1: Long"]
    assert {region["tabindex"] for region in regions} == {"0"}


def test_drawings_are_taken_where_they_are_small():
    small = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    blocks = (
        Figure("a", png(7, 5), "drawn", "", small),
        Figure("b", png(7, 5), "too large", "", small + b" " * 150_000),
    )
    page = Elements(as_html(Document("t", blocks), whole_page=True))
    kinds = [attributes["src"].partition(";")[0] for attributes, _ in page.of("img")]
    assert kinds == ["data:image/svg+xml", "data:image/png"]
    assert [attributes["width"] for attributes, _ in page.of("img")] == ["7", "7"]


def test_many_large_pictures_stay_below_five_megabytes_and_few_are_left_as_they_are(tmp_path):
    large = tuple(Figure(f"f{n}", png(700, 500, seed=n), "noise") for n in range(6))
    path = write_document(Document("t", large), tmp_path / "a.html", say=pytest.fail)
    assert path.stat().st_size < 5_000_000
    images = Elements(path.read_text(encoding="utf-8")).of("img")
    assert len({attributes["src"] for attributes, _ in images}) == 6
    few = Elements(as_html(Document("t", large[:2])))
    assert [a["src"].partition(";")[0] for a, _ in few.of("img")] == ["data:image/png"] * 2


def test_a_page_that_can_not_be_small_says_so(tmp_path):
    said = []
    text = Document("t", (Paragraph("word " * 1_100_000),))
    write_document(text, tmp_path / "a.html", said.append)
    assert "5.5 MB" in said[0]
