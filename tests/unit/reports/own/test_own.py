"""A report of one's own: the author's words stay, directives are filled, mistakes name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

import grevy
from grevy.documents.blocks import (
    Code,
    Document,
    Figure,
    Formula,
    Heading,
    Items,
    Marked,
    Matrix,
    Paragraph,
    Table,
    Value,
    pieces,
    plain,
)
from grevy.documents.html import as_html
from grevy.errors import DirectiveError
from grevy.reports.report import report


@pytest.fixture
def folder(own_runs: Path, tmp_path: Path) -> Path:
    """An empty folder beside which the runs lie."""
    (tmp_path / "runs").symlink_to(own_runs / "runs")
    return tmp_path


def written(folder: Path, text: str, **arguments: object) -> Document:
    (folder / "mine.md").write_text(text, "utf-8")
    return report(folder / "mine.md", **arguments).content  # type: ignore[arg-type]


def refused(folder: Path, text: str) -> str:
    with pytest.raises(DirectiveError) as caught:
        written(folder, text)
    assert caught.value.exit_status == 2
    return str(caught.value)


def values(document: Document) -> list[Value]:
    texts = [getattr(block, "text", "") for block in document.blocks]
    texts += [c for b in document.blocks if isinstance(b, Table) for row in b.rows for c in row]
    texts += [item for b in document.blocks if isinstance(b, Items) for item in b.items]
    return [p for text in texts for p in pieces(text) if isinstance(p, Value)]


def test_words_of_the_author_become_blocks(folder: Path) -> None:
    document = written(
        folder,
        "# A title\n\n## Part *one*\n\nTwo words\non two lines.\n\n- a\n- b\n  1. c\n\n3. three\n\n"
        "| x | y |\n|---|--:|\n| 1 | 2 |\n\n```\ncode  here\n```\n\n$$\n\\frac{1}{2}\n$$\n",
    )
    assert document.title == "A title"
    assert document.blocks == (
        Heading(("Part ", Marked(("one",), "emphasis"))),
        Paragraph("Two words on two lines."),
        Items(("a", "b", "– 1. c")),
        Items(("3. three",)),
        Table(("x", "y"), (("1", "2"),), frozenset({1})),
        Code("code  here"),
        Formula(r"\frac{1}{2}", r"\frac{1}{2}"),
    )


def test_marks_and_links_are_kept_and_their_words_are_plain_where_a_form_has_none(
    folder: Path,
) -> None:
    document = written(folder, "A **strong *and* more** word, `code`, [here](https://a.org/?b&c).")
    (paragraph,) = document.blocks
    assert isinstance(paragraph, Paragraph)
    assert paragraph.text[1] == Marked(("strong ", Marked(("and",), "emphasis"), " more"), "strong")
    assert plain(paragraph.text) == ("A strong and more word, code, here (https://a.org/?b&c).")
    page = as_html(document)
    assert "<strong>strong <em>and</em> more</strong>" in page
    assert "<code>code</code>" in page
    assert '<a href="https://a.org/?b&amp;c" rel="noopener noreferrer">here</a>' in page


def test_a_value_stands_in_text_headings_lists_and_cells_and_knows_where_it_is_from(
    folder: Path,
) -> None:
    value = "{{ value runs/one results.test.accuracy }}"
    document = written(
        folder, f"# T\n\n## At {value}\n\n**{value}**\n\n- {value}\n\n|a|\n|-|\n| {value} |\n"
    )
    found = values(document)
    accuracy = grevy.open_run(folder / "runs" / "one").results["test"]["accuracy"]
    assert found == [Value(f"{accuracy:.4f}", "one", "results.test.accuracy", "accuracy")] * 4
    assert [origin.name for origin in document.origins] == ["one"]
    assert Path(document.origins[0].places[0]).is_dir()
    assert as_html(document).count('data-field="results.test.accuracy"') == 4


def test_a_value_has_the_form_that_is_asked_for_or_its_fields_own(folder: Path) -> None:
    document = written(
        folder,
        "{{ runs a=runs/one }}\n\n{{ value a results.test.accuracy percent }}"
        " {{ value a results.test.accuracy .2f }} {{ value a results.steps }}"
        " {{ value a results.test.loss }} {{ value a seed }} {{ value a created }}"
        ' {{ value a results.test.classes."do*wn* <b>{{ value x }}|`".support }}',
    )
    assert [v.form for v in values(document)] == [
        "percent", ".2f", ",d", "loss", "text", "date", ",d",
    ]  # fmt: skip
    assert {v.record for v in values(document)} == {"a"}


def test_directives_of_a_run_on_their_own_lines(folder: Path) -> None:
    document = written(
        folder,
        "{{ runs a=runs/one }}\n\n# T\n\n"
        '{{ figure a loss "My words" }}\nwords without a blank line\n{{ table a results }}\n\n'
        '{{ figure a confusion }}\n\n## Mine\n\n{{ section a "The inside" }}\n',
    )
    figure, paragraph, table, confusion = document.blocks[:4]
    assert isinstance(figure, Figure)
    assert figure.name == "a-loss"
    assert figure.caption == "My words"
    assert paragraph == Paragraph("words without a blank line")
    assert isinstance(table, Table)
    assert table.columns[0] == "split"
    assert isinstance(confusion, Figure)
    assert document.title == "T"
    headings = [block for block in document.blocks if isinstance(block, Heading)]
    assert headings[0] == Heading("Mine")
    assert all(heading.level > 2 for heading in headings[1:])
    assert len({f.name for f in document.figures}) == len(document.figures)


def test_a_name_with_two_places_is_their_comparison(folder: Path) -> None:
    document = written(
        folder,
        "{{ runs both=small=runs/one both=other=runs/two }}\n\n{{ table both arms }}\n\n"
        "{{ table both effects }}\n\n{{ table both runs }}\n\n{{ figure both effects }}\n\n"
        "{{ figure both flipped-other }}\n\n"
        "Test {{ value both arms.other.test.mean }}, {{ value both baseline }}.\n",
    )
    arms = document.blocks[0]
    assert isinstance(arms, Table)
    assert [row[0] for row in arms.rows] == ["small", "other"]
    assert {value.record for value in values(document)} == {"both", "one", "two"}
    assert [origin.name for origin in document.origins] == ["both", "one", "two"]
    assert [figure.name for figure in document.figures] == ["both-effects", "both-flipped-other"]


def test_worked_sums_have_the_words_of_the_commands(folder: Path) -> None:
    (folder / "image.csv").write_text("1,2\n3,4\n")
    document = written(
        folder,
        '{{ convolve --image "1 0 2 | 3 2 0"\n   --kernel "1 1 | 2 2" }}\n\n'
        "{{ convolve --image image.csv --pool max --window 2 }}\n\n"
        "{{ size --input 32 --kernel 5 --output 32 }}\n\n{{ layers base --classes 7 }}\n",
    )
    assert any(isinstance(b, Matrix) and b.rows == (("4",),) for b in document.blocks)
    tables = [block for block in document.blocks if isinstance(block, Table)]
    assert any("conv1" in plain(row[0]) for table in tables for row in table.rows)
    assert any("padding" in plain(getattr(b, "text", "")) for b in document.blocks) or any(
        "padding" in table.columns for table in tables
    )


def test_a_view_of_a_run_by_its_name(folder: Path) -> None:
    document = written(
        folder, "{{ runs a=runs/one }}\n\n{{ look --run a --layer conv1 --method filters }}\n"
    )
    assert isinstance(document.blocks[0], Figure)
    assert document.figures[0].name == "look-one-conv1-filters"


def test_what_is_gone_is_said_to_be_missing_in_its_place(folder: Path, tmp_path: Path) -> None:
    document = written(folder, "{{ figure runs/one mistakes }}\n", data=tmp_path / "nothing here")
    (paragraph,) = document.blocks
    assert plain(getattr(paragraph, "text", "")).startswith("Missing here: ")


@pytest.mark.parametrize(
    ("directive", "said"),
    [
        ("{{ valeu runs/one seed }}", "unknown directive 'valeu'; expected value"),
        ("{{ figur runs/one loss }}", "unknown directive 'figur'; expected figure"),
        ("{{ value runs/onne seed }}", "no run or study 'runs/onne'; expected such as runs/one"),
        ("{{ value runs/one sead }}", "no field 'sead' in one; expected such as seed"),
        ("{{ value runs/one results.test.accuracy acuracy }}", "'acuracy'; expected accuracy"),
        ("{{ value runs/one recipe.name .3f }}", "unknown form '.3f'"),
        ("{{ value runs/one }}", "value with 1 word"),
        ("{{ value }}", "value without a run"),
        ("{{ figure runs/one los }}", "unknown figure of a run 'los'; expected loss"),
        ("{{ table runs/one reslts }}", "unknown table of a run 'reslts'; expected results"),
        ('{{ section runs/one "The insid" }}', "unknown section 'The insid'; expected The inside"),
        ("{{ size --inputt 3 }}", "unknown flag '--inputt'; expected --input"),
        ("{{ size --input 3 --out x.md }}", "--out in a text"),
        ("{{ size --help }}", "--help in a text"),
        ('{{ convolve --image "1 2 }}', "without its end"),
        ("{{ convolve --image 1 }}", "no kernel"),
        ("{{ layers bass }}", "bass"),
        ("{{ look --run runs/one --layer conv9 }}", "conv9"),
        ("{{ runs a }}", "'a'; expected NAME=PLACE"),
        ("{{ runs a=nowhere }}\n{{ value a seed }}", "nowhere"),
        ("{{ runs two=runs/one }}\n{{ value two seed }} {{ value runs/two seed }}", "called two"),
        ("words {{ figure runs/one loss }}", "figure among other words"),
        ("{{ value runs/one seed", "without its end"),
        ("| {{ value runs/one seed }} |\n|--|\n| 1 |", "a value in the head of a table"),
        ("{{ picture ../x.png }}", "leaves the folder"),
        ("{{ layers own.py:Net }}", "Python that a text names"),
        ("{{ look --run runs/one --plugin own.py }}", "Python that a text names"),
    ],
)
def test_a_mistake_is_one_line_with_file_and_line_and_what_is_nearest(
    folder: Path, directive: str, said: str
) -> None:
    message = refused(folder, f"# T\n\nwords\n\n{directive}\n")
    assert message.startswith("mine.md, line ")
    assert int(message.removeprefix("mine.md, line ").partition(":")[0]) in (5, 6)
    assert said in message
    assert "\n" not in message


def test_the_line_is_right_inside_of_a_paragraph_and_a_cell(folder: Path) -> None:
    assert "line 3:" in refused(folder, "one\ntwo\n{{ valu x y }}\n")
    assert "line 3:" in refused(folder, "|a|\n|-|\n|{{ valu x y }}|\n")
    assert "line 4:" in refused(folder, "- a\n\n  b\n  {{ valu x y }}\n")


def test_a_value_in_the_title_is_refused(folder: Path) -> None:
    assert "a value in the title" in refused(folder, "# At {{ value runs/one seed }}\n")


def test_all_is_checked_before_the_first_figure_is_drawn(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    (folder / "mine.md").write_text("{{ figure runs/one loss }}\n\n{{ figure runs/one las }}\n")
    with pytest.raises(DirectiveError, match="line 3"):
        report(folder / "mine.md", on_progress=lambda what, *_: drawn.append(what))
    assert drawn == []
