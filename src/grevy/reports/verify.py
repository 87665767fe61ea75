"""Whether a report still says what its records say: every value is computed again.

What is found: a page that was changed after it was written, a value that its record does not give
(any more), a file or a field of run.json that has changed since, results in run.json that its own
predictions and logs contradict, a record that is not there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grevy.classifier.run import open_run
from grevy.documents.columns import one_line
from grevy.documents.forms import Number, written
from grevy.documents.paths import flat
from grevy.errors import GrevyError, UnknownFormError
from grevy.figures.numerals import counted
from grevy.reports.material import OnProgress
from grevy.reports.page import Page, PageRecord, PageValue, read_page
from grevy.reports.places import Ground, as_remembered, places_now
from grevy.reports.sources.comparison_source import ComparisonSource, comparison_of
from grevy.reports.sources.run_source import RunSource
from grevy.reports.sources.source import Source

SAME = 1e-4
"""Part of a loss by which the sum of float32 logits may differ from that of the training."""

MOST_FIELDS = 12
"""Fields of one record that are named, of those that changed; the others are counted."""

LONGEST = 200
"""Characters of a value or field that are shown."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the report has it.

    Attributes:
        record: whose; "" for the page itself.
        what: the field or the file; "" for the whole record.
        heading: of the page, under which the value stands; "" for what is no value.
        said: what the report, or run.json, says.
        found: what is so.
        line: all of it in one line.
    """

    record: str
    what: str
    heading: str
    said: str
    found: str
    line: str


@dataclass(frozen=True)
class Verification:
    """What came out.

    Attributes:
        report: the page.
        values: that were computed again.
        records: that the page names.
        files: whose SHA-256 is still the same.
        differences: none if the report is true.
    """

    report: Path
    values: int
    records: int
    files: int
    differences: tuple[Difference, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The differences, and what was done."""
        done = (
            f"{counted(self.values, 'value')} of {counted(self.records, 'record')} recomputed, "
            f"{counted(self.files, 'file')} unchanged"
        )
        found = (
            counted(len(self.differences), "difference") if self.differences else "no difference"
        )
        return (*(one_line(d.line) for d in self.differences), f"{self.report}: {done}; {found}")

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        found = [asdict(difference) for difference in self.differences]
        return {**vars(self), "report": str(self.report), "differences": found}


@dataclass(frozen=True)
class _Checked:
    """Of one record."""

    values: int
    files: int
    differences: tuple[Difference, ...]


def verify(
    report: str | Path,
    runs: str | Path | None = None,
    *,
    on_progress: OnProgress = lambda what, done, total: None,
) -> Verification:
    """Compute every value of an HTML report again, from predictions and logs.

    No code of the records is run, and nothing outside of the folder is read, whatever the page
    says.

    Args:
        report: an HTML page that `grevy report` wrote.
        runs: the folder in which the runs are now; None: where they were, seen from the current
            folder, and only inside of it.
        on_progress: called with what is being checked, records done, and all records.

    Raises:
        ReportFileError: no report of Grevy's, or not whole.
    """
    page, checked = read_page(Path(report)), []
    ground = Ground(Path("."), moved=False) if runs is None else Ground(Path(runs), moved=True)
    for done, record in enumerate(page.records):
        on_progress(record.name, done, len(page.records))
        checked.append(_checked(record, page, ground))
    differences = [*_of_page(page), *(d for one in checked for d in one.differences)]
    return Verification(
        Path(report),
        sum(one.values for one in checked),
        len(page.records),
        sum(one.files for one in checked),
        tuple(differences),
    )


def _of_page(page: Page) -> Iterator[Difference]:
    """The page's own hash, and values of records that it does not name."""
    if page.hash_said != page.hash_found:
        said, found = page.hash_said, page.hash_found
        line = "the page was changed after Grevy wrote it: its SHA-256 is "
        yield Difference("", "", "", said, found, f"{line}{found[:16]}…, and it says {said[:16]}…")
    names = {one_line(record.name) for record in page.records}
    for value in page.values:
        if value.record not in names:
            yield _value(value, "no such record is named in the page")


def _checked(record: PageRecord, page: Page, ground: Ground) -> _Checked:
    """Files, content and values of one record."""
    values = [value for value in page.values if value.record == one_line(record.name)]
    try:
        now = places_now(record, ground)
        source = _opened(record, tuple(now.values()))
        origin, numbers = source.origin(), source.numbers
    except GrevyError as error:
        lost = f"; {counted(len(values), 'value')} can't be recomputed" if values else ""
        line = f"{record.name}: {error}{lost}"
        return _Checked(0, 0, (Difference(record.name, "", "", "", str(error), line),))
    files = {as_remembered(path, now): sha256 for path, sha256 in origin.files}
    differences = [
        *_files(record, files),
        *_content(record, _as_remembered(json.loads(origin.content), now)),
        *_contradictions(record, source),
        *(found for value in values for found in _recomputed(value, numbers)),
    ]
    same = sum(files.get(path) == sha256 for path, sha256 in record.files.items())
    return _Checked(len(values), same, tuple(differences))


def _opened(record: PageRecord, places: Sequence[str]) -> Source:
    """A run, or what is compared; no code of theirs is run."""
    arms = (record.content or {}).get("arms")
    if arms is None and len(places) == 1:
        return RunSource(record.name, places[0], open_run(places[0]))
    baseline = str(arms[0]) if isinstance(arms, list) and arms else None
    return ComparisonSource(record.name, tuple(places), comparison_of(places, baseline))


def _as_remembered(content: Mapping[str, Any], now: Mapping[str, str]) -> Mapping[str, Any]:
    """What is compared, with the paths of runs as the page has them."""
    runs = content.get("runs")
    if not isinstance(runs, list):
        return content
    return {**content, "runs": [{**run, "run": as_remembered(run["run"], now)} for run in runs]}


def _files(record: PageRecord, now: Mapping[str, str]) -> Iterator[Difference]:
    """None of a record that names no file: the records of its runs do."""
    if not record.files:
        return
    for path in sorted({*record.files, *now}):
        said, found = record.files.get(path, ""), now.get(path, "")
        if said == found:
            continue
        what = (
            f"has changed: its SHA-256 was {said[:16]}… and is {found[:16]}…"
            if said and found
            else "is not there any more"
            if said
            else "is there, and was not when the report was written"
        )
        yield Difference(record.name, path, "", said, found, f"{record.name}: {path} {what}")


def _content(record: PageRecord, now: Mapping[str, Any]) -> Iterator[Difference]:
    """Fields of run.json, or of what is compared, that are not as they were."""
    said, found = dict(flat(record.content or {})), dict(flat(now))
    changed = [name for name in {**said, **found} if said.get(name) != found.get(name)]
    for name in changed[:MOST_FIELDS]:
        then, today = _told(said, name), _told(found, name)
        line = f"{record.name}: the record has changed: {name} was {then} and is {today}"
        yield Difference(record.name, name, "", then, today, line)
    if (further := len(changed) - MOST_FIELDS) > 0:
        text = counted(further, "further field")
        line = f"{record.name}: the record has changed: {text}"
        yield Difference(record.name, "", "", "", text, line)


def _told(numbers: Mapping[str, Number], name: str) -> str:
    return _shown(numbers[name]) if name in numbers else "nothing"


def _contradictions(record: PageRecord, source: Source) -> Iterator[Difference]:
    """Damaged files of a run, and where run.json says other results than its own files."""
    if not isinstance(source, RunSource):
        return
    for path, why in source.read.damage.items():
        yield Difference(record.name, path, "", "", why, f"{record.name}: {why}")
    for name, found in source.measured.items():
        if name in source.recorded and not _alike(name, source.recorded[name], found):
            texts = _shown(source.recorded[name]), _shown(found)
            files = "logs give" if name.count(".") == 1 else "predictions give"
            line = f"{record.name}: run.json says {name} {texts[0]}, its {files} {texts[1]}"
            yield Difference(record.name, name, "", *texts, line)


def _alike(name: str, said: Number, found: Number) -> bool:
    if isinstance(said, int | float) and isinstance(found, int | float):
        return math.isclose(said, found, rel_tol=SAME if name.endswith("loss") else 1e-9)
    return said == found


def _recomputed(value: PageValue, numbers: Mapping[str, Number]) -> Iterator[Difference]:
    """Nothing if a value is what its record gives."""
    if value.field not in numbers:
        yield _value(value, "the record has no such field")
        return
    try:
        found = written(numbers[value.field], value.form)
    except UnknownFormError as error:
        yield _value(value, f"it can't be written so ({error.received})")
        return
    if _words(value.text) != _words(found):
        yield _value(value, f"the records give {found}", found)


def _value(value: PageValue, what: str, found: str = "") -> Difference:
    place = f" under “{value.heading}”" if value.heading else ""
    text = value.text[:LONGEST]
    line = f"{value.record}: {value.field}{place}: the page says {text}, {what}"
    return Difference(value.record, value.field, value.heading, text, found, line)


def _words(text: str) -> str:
    """A text as a page may break it."""
    return " ".join(one_line(text).split())


def _shown(number: Number) -> str:
    return written(number, ".10g" if isinstance(number, float) else "text")[:LONGEST]
