"""Pages as a reader has them: in a browser, offline, by keyboard, in the dark, and on paper."""

import re
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from grevy.documents.blocks import (
    Document,
    Figure,
    Formula,
    Heading,
    Items,
    Matrix,
    Origin,
    Paragraph,
    Table,
    Value,
)
from grevy.documents.write import write_document

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install 'grevy[test]'"
)
axe = pytest.importorskip(
    "axe_playwright_python", reason="axe is not installed: pip install 'grevy[test]'"
)
pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed: pip install 'grevy[test]'")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium (Debian's chromium) is not installed"
)
AXE = "axe.min.js"
WINDOW = {"width": 900, "height": 700}
NARROW = {"width": 320, "height": 560}

ACCURACY = Value("0.7340", "base-seed0", "results.test.accuracy", ".4f")
NAMES = (
    "斑马",
    "זברה",
    "حمار وحشي",
    "<b>bold</b>",
    "$x_1$",
    "#let",
    "a|b",
    "two\nlines",
    "W" * 200,
)


def figure(number: int) -> Figure:
    """A plain area of its own colour, by which it is found on paper."""
    file = BytesIO()
    Image.new("RGB", (900, 620), (255, 10 + 20 * number, 0)).save(file, "png")
    return Figure(f"figure{number}", file.getvalue(), f"Colour {number}", ("at ", ACCURACY))


VALUES = 5 * 2 + 1 + len(NAMES) + 12
DOCUMENT = Document(
    "A report on 斑马",
    (
        Items((*NAMES, ("then ", ACCURACY))),
        Formula("(32 + 2·2 − 5)/1 + 1 = 32", ""),
        Matrix("kernel", (("0", "−1"), ("1,234", "1/3")), frozenset({(0, 0)})),
        Matrix("long", (tuple(map(str, range(80))),)),
        Table(("class", "n"), tuple((name, (ACCURACY,)) for name in NAMES), frozenset({1})),
        Table(tuple(f"head {n}" for n in range(12)), (((ACCURACY,),) * 12,), title="Wide"),
        *(
            block
            for number in range(5)
            for block in (
                Heading(f"Section {number}"),
                Heading("Too deep", 5),
                Paragraph(("It is ", ACCURACY, ", and " + "so on " * (60 * number))),
                figure(number),
            )
        ),
    ),
    (
        Origin(
            "base-seed0",
            ("runs/base seed0",),
            (("run.json", "a" * 64), ("predictions/test.safetensors", "b" * 64)),
            '{"classes": ["</script><script>document.title = 1</script>"]}',
        ),
    ),
)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return write_document(DOCUMENT, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture
def page(browser, path):
    opened = browser.new_page(viewport=WINDOW)
    opened.goto(path.as_uri())
    yield opened
    opened.close()


def test_it_asks_nothing_of_anyone_and_runs_no_script(browser, path):
    page = browser.new_page(viewport=WINDOW)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri(), wait_until="networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert page.title() == "A report on 斑马"
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    page.close()


@pytest.mark.parametrize(
    ("scheme", "window"), [("light", WINDOW), ("dark", WINDOW), ("light", NARROW)]
)
def test_axe_finds_nothing(browser, path, scheme, window):
    page = browser.new_page(viewport=window, color_scheme=scheme)
    page.goto(path.as_uri())
    page.locator("summary").first.click()
    page.add_script_tag(path=Path(axe.__file__).parent / AXE)
    found = page.evaluate("axe.run()")
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
    assert len(found["passes"]) > 20
    assert page.evaluate("document.documentElement.scrollWidth") <= window["width"]
    page.close()


SHOWN = """() => {
  const value = document.activeElement;
  if (!value.matches(".value")) return null;
  const style = getComputedStyle(value, "::after");
  return {
    text: style.content, position: style.position, clear: style.opacity,
    top: value.getBoundingClientRect().top, bottom: value.getBoundingClientRect().bottom,
    bar: innerHeight - parseFloat(style.bottom) - parseFloat(style.height),
    left: parseFloat(style.left), right: parseFloat(style.right), below: parseFloat(style.bottom),
  };
}"""


def test_every_value_is_reached_by_the_tab_key_and_explained_beside_it(page):
    values = page.locator(".value").count()
    assert values == VALUES
    reached = []
    for _ in range(values + 120):
        page.keyboard.press("Tab")
        shown = page.evaluate(SHOWN)
        reached += [shown] if shown else []
        if len(reached) == values:
            break
    assert len(reached) == values
    for shown in reached:
        assert "results.test.accuracy of base-seed0" in shown["text"]
        assert "grevy report 'runs/base seed0' --value results.test.accuracy" in shown["text"]
        # Fixed to the window, within its edges, and not over the value that it explains.
        assert shown["position"] == "fixed"
        assert min(shown["left"], shown["right"], shown["below"]) >= 0
        assert shown["top"] >= 0
        assert shown["bottom"] <= shown["bar"]


def test_a_value_is_explained_when_it_is_pointed_at_and_not_otherwise(page):
    value = page.locator("td .value").first
    content = "value => getComputedStyle(value, '::after').content"
    assert value.evaluate(content) == "none"
    value.hover()
    assert "results.test.accuracy" in value.evaluate(content)


def test_a_screen_reader_hears_where_a_value_is_from(page):
    client = page.context.new_cdp_session(page)
    nodes = client.send("Accessibility.getFullAXTree")["nodes"]
    described = [node for node in nodes if "description" in node]
    heard = [n["description"]["value"] for n in described if "results.test" in str(n)]
    assert len(heard) == page.locator(".value").count()
    assert "--value results.test.accuracy" in heard[0]


def test_wide_tables_scroll_by_keyboard(page):
    table = page.get_by_role("region", name="Table 2: Wide")
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_on_paper_no_figure_is_broken_and_nothing_is_cut_off(browser, path, tmp_path):
    page = browser.new_page(color_scheme="dark")
    page.goto(path.as_uri())
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True, print_background=True)
    sheets = pypdf.PdfReader(tmp_path / "report.pdf").pages
    drawn = [len(sheet.images) for sheet in sheets]
    assert sum(drawn) == 5  # one that is broken is on two
    words = [sheet.extract_text() for sheet in sheets]
    assert sum(text.count("0.7340") for text in words) == page.locator(".value").count()
    assert "--value" not in "".join(words)
    assert [round(float(side)) for side in sheets[0].mediabox[2:]] == [595, 842]
    page.close()


def test_on_paper_all_is_black_on_white(page):
    page.emulate_media(media="print", color_scheme="dark")
    colours = page.evaluate(
        """() => [...document.querySelectorAll("body, p, li, td, th, h1, h2, a, code, .value")]
        .map(element => getComputedStyle(element).color)"""
    )
    assert set(colours) == {"rgb(0, 0, 0)"}
    assert re.search(
        r"rgba\(0, 0, 0, 0\)", page.evaluate("getComputedStyle(document.body).background")
    )
