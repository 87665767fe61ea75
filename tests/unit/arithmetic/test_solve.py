import json
import random
from itertools import islice

import pytest

import grevy
from grevy.arithmetic.output_size import convolution_size, extent, pooling_size, transposed_size
from grevy.errors import ConvolutionError, GeometryError, KernelTooLargeError, NotANumberError

WINDOW = ("input", "kernel", "stride", "padding", "dilation")
TRIED_FIRST = ("stride", "kernel", "dilation", "padding", "input", "output_padding", "output")
FAR, FARTHER = 45, 320
"""Where brute force ends for the unknown tried first, and for the one solved for."""


def only(**given):
    solutions = grevy.size(**given).solutions
    assert len(solutions) == 1
    return solutions[0]


@pytest.mark.parametrize("output", ["same", "input"])
def test_kernel_5_keeps_every_input_with_padding_2(output):
    found = only(kernel=5, stride=1, output=output)
    assert (found.padding, found.dilation, found.input, found.output) == (2, 1, None, None)
    assert found.formulas[0].text == "(n + 2·2 − 1·(5 − 1) − 1)/1 + 1 = n"


def test_the_sizes_of_the_assignment_are_solved():
    assert only(input=32, kernel=5, stride=1, output=32).padding == 2
    assert only(input=32, kernel=5, stride=1, output="same").padding == 2
    assert only(input=512, output=504, stride=1, padding=0).kernel == 9
    assert only(input=504, kernel=2, stride=2, padding=0).output == 252
    assert only(input=252, kernel=3, stride=1, padding=0).output == 250


def test_well_known_layers_are_found_from_their_sizes():
    stem = only(input=224, kernel=7, output=112)
    assert (stem.stride, stem.padding) == (2, 3)
    generator = only(operation="transposed", input=7, kernel=4, output=14)
    assert (generator.stride, generator.padding) == (2, 1)
    doubling = only(operation="transposed", input=4, kernel=3, stride=2, padding=1, output=8)
    assert doubling.output_padding == 1
    halving = only(operation="pooling", input=32, kernel=2, output=16)
    assert (halving.stride, halving.padding) == (2, 0)


def test_only_stride_1_is_said_to_keep_every_input():
    assert only(kernel=3, padding=1, stride="?", output="same").stride == 1
    sizes = grevy.size(kernel=3, padding=16, stride="?", dilation="?", output="same")
    assert [(s.stride, s.dilation) for s in sizes.solutions] == [(1, 16)]
    sizes = grevy.size(kernel=3, stride=2, output="same")
    assert "only stride 1 can keep all of them" in sizes.why
    assert [(near.quantity, near.after) for near in sizes.nearest] == [("stride", 1)]


def test_what_is_assumed_is_said():
    sizes = grevy.size(input=32, kernel=3)
    assert sizes.as_json()["assumed"] == {"stride": 1, "padding": 0, "dilation": 1}
    said = "Assumed: stride 1, padding 0 and dilation 1. Sought: output."
    assert said in " ".join(str(sizes).split())
    pooling = str(grevy.size(input=32, kernel=3, operation="pooling"))
    assert "stride = kernel" in " ".join(pooling.split())


def test_a_question_mark_asks_for_what_would_be_assumed():
    found = grevy.size(input=32, kernel=3, output=16, stride="?", padding="?").solutions
    assert [(solution.stride, solution.padding) for solution in found] == [(2, 1)]


def checked(operation, ceil, values):
    window = [values[name] for name in WINDOW]
    try:
        if operation == "transposed":
            return transposed_size(*window, values["output_padding"])
        if operation == "pooling":
            return pooling_size(*window, ceil)
        return convolution_size(*window)
    except ConvolutionError:
        return None


def brute_force(operation, ceil, known, outer, inner):
    """All solutions with an outer unknown up to FAR and an inner one up to FARTHER."""
    start = {name: 0 if "padding" in name else 1 for name in TRIED_FIRST}
    for tried in range(start[outer], FAR + 1) if outer else [None]:
        for value in range(start[inner], FARTHER + 1):
            values = {**known, inner: value, **({outer: tried} if outer else {})}
            if inner == "output":
                values["output"] = checked(operation, ceil, values)
                if values["output"] is None:
                    break
            elif checked(operation, ceil, values) != values["output"]:
                continue
            idle = inner == "dilation" and values["kernel"] == 1 and value > 1
            wide = values["padding"] >= extent(values["kernel"], values["dilation"])
            if not idle and not (outer and wide and "padding" in (outer, inner)):
                yield values
            if inner == "output":
                break


def questions(number):
    generator = random.Random(0)
    for _ in range(number):
        operation = generator.choice(["convolution", "transposed", "pooling"])
        ceil = operation == "pooling" and generator.random() < 0.5
        values = {
            "input": generator.randint(1, 9),
            "kernel": generator.randint(1, 4),
            "stride": generator.randint(1, 3),
            "padding": generator.randint(0, 2),
            "dilation": generator.randint(1, 2),
            "output": generator.randint(1, 7),
        }
        if operation == "transposed":
            values["output_padding"] = generator.randint(0, 1)
        unknown = generator.sample(sorted(values), generator.choice([1, 2]))
        yield operation, ceil, values, sorted(unknown, key=TRIED_FIRST.index)


def test_solutions_are_all_that_brute_force_finds_and_endless_ones_go_on():
    endless = solved = 0
    for operation, ceil, values, unknown in questions(200):
        if unknown == ["output"]:
            continue
        *outer, inner = unknown
        known = {name: value for name, value in values.items() if name not in unknown}
        expected = list(brute_force(operation, ceil, known, outer[0] if outer else None, inner))
        last = FAR if outer else FARTHER
        goes_on = any(values[unknown[0]] > last - 3 for values in expected)
        asked = {"operation": operation, "ceil": ceil, **known, **dict.fromkeys(unknown, "?")}
        try:
            sizes = grevy.size(**asked, first=12)
        except ConvolutionError:
            assert (known, unknown, expected) == (known, unknown, [])
            continue
        found = [{name: getattr(solution, name) for name in values} for solution in sizes.solutions]
        case = (operation, ceil, known, unknown)
        assert (case, sizes.endless) == (case, goes_on)
        assert (case, found) == (case, expected[:12] if goes_on else expected)
        endless += sizes.endless
        solved += bool(found)
    assert endless > 25
    assert solved > 100


def test_a_pooling_whose_stride_follows_the_sought_kernel_has_solutions_of_every_kernel():
    sizes = grevy.size(operation="pooling", output=5, padding=0, first=5)
    found = [(solution.input, solution.kernel) for solution in sizes.solutions]
    assert found == [(5, 1), (10, 2), (11, 2), (15, 3), (16, 3)]
    assert sizes.endless
    padded = grevy.size(operation="pooling", output=6, padding=3, first=1).solutions
    assert [(solution.input, solution.kernel) for solution in padded] == [(30, 6)]


def test_endless_solutions_are_listed_up_to_a_stated_bound():
    sizes = grevy.size(output="same", first=3)
    assert sizes.endless
    assert [(s.kernel, s.padding) for s in sizes.solutions] == [(1, 0), (3, 1), (5, 2)]
    assert "Listed up to kernel 5 and padding 2; there are more without end." in str(sizes)


def test_rows_and_columns_are_solved_apart_and_paired():
    sizes = grevy.size(input="32x48", kernel=(3, 5), stride=1, output="32x48")
    assert [solution.padding for solution in sizes.solutions] == [(1, 2)]
    assert [len(axis.solutions) for axis in sizes.axes] == [1, 1]
    solution = sizes.as_json()["solutions"][0]
    assert solution["input"] == (32, 48)
    assert solution["stride"] == (1, 1)
    assert len(solution["formula"]) == 2
    pairs = grevy.size(input="10x11", output="2x2", stride=3, padding=0).solutions
    assert [pair.kernel for pair in pairs] == [
        (rows, columns) for rows in (5, 6, 7) for columns in (6, 7, 8)
    ]


def test_without_a_solution_it_says_why_and_every_nearest_is_one():
    sizes = grevy.size(input=10, output=4, kernel=3, stride=3, padding=0)
    assert sizes.solutions == ()
    assert sizes.why.startswith("Even dilation 1 gives 3, less than 4")
    changes = {(near.quantity, near.before, near.after) for near in sizes.nearest}
    assert changes == {
        ("output", 4, 3),
        ("input", 10, 12),
        ("kernel", 3, 1),
        ("stride", 3, 2),
        ("padding", 0, 1),
    }
    for near in sizes.nearest:
        values = dict(near.values)
        assert checked("convolution", False, values) == values["output"]


def test_nearest_solutions_hold_for_every_operation():
    tried = 0
    for operation, ceil, values, unknown in questions(120):
        if "output" in unknown:
            continue
        known = {name: value for name, value in values.items() if name not in unknown}
        try:
            sizes = grevy.size(
                operation=operation, ceil=ceil, **known, **dict.fromkeys(unknown, "?")
            )
        except GeometryError:  # no padding of a pooling may be so large, whatever the rest
            continue
        if sizes.solutions:
            continue
        tried += 1
        assert sizes.why
        assert sizes.nearest
        for near in sizes.nearest:
            assert checked(operation, ceil, near.values) == near.values["output"]
            same = {name for name in known if near.values[name] == known[name]}
            assert same == set(known) - {near.quantity}
    assert tried > 15


def test_an_even_kernel_is_told_how_uneven_padding_would_do():
    sizes = grevy.size(kernel=4, output="same")
    assert sizes.solutions == ()
    assert "1 on one side and 2 on the other would do" in sizes.why
    assert "1 on one side and 2 on the other" in grevy.size(input=32, kernel=4, output=32).why
    assert [(near.quantity, near.after) for near in sizes.nearest] == [
        ("kernel", 3),
        ("kernel", 5),
        ("dilation", 2),
    ]


def test_rows_that_no_window_reaches_are_counted():
    assert only(input=10, kernel=3, stride=3).unread == 1
    assert only(input=10, kernel=3, stride=3, padding=1).unread == 0
    assert only(input=10, kernel=2, stride=4).remarks == ("gaps of 2 rows are unread",)
    assert "1 row at the end is not read." in str(grevy.size(input=10, kernel=3, stride=3))
    assert (
        "cut by 1 row"
        in only(operation="pooling", input=112, kernel=3, stride=2, padding=1, ceil=True).remarks[0]
    )


def test_rows_read_by_sliding_the_window_by_hand_leave_the_same_rest():
    for size in range(1, 20):
        for kernel, stride, padding in [(3, 2, 0), (3, 3, 1), (2, 3, 0), (5, 4, 2)]:
            if size + 2 * padding < kernel:
                continue
            starts = range(-padding, size + padding - kernel + 1, stride)
            last_read = max(start + kernel - 1 for start in starts)
            found = only(input=size, kernel=kernel, stride=stride, padding=padding)
            assert found.unread == max(size - 1 - last_read, 0)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"input": 8, "kernel": 3, "stride": 0}, GeometryError, "stride 0; expected 1 to"),
        ({"input": 8, "kernel": 3, "padding": -1}, GeometryError, "padding -1; expected 0 to"),
        ({"input": 8, "kernel": "three"}, NotANumberError, "kernel 'three'; expected a whole"),
        ({"input": 8, "kernel": 3.5}, NotANumberError, "kernel '3.5'"),
        ({"input": True, "kernel": 3}, NotANumberError, "input 'True'"),
        ({"input": 8, "kernel": "1x2x3"}, GeometryError, "one number, or two"),
        ({"input": 8, "kernel": 3, "padding": "same"}, NotANumberError, "give the output as same"),
        ({"input": 8, "kernel": 9}, KernelTooLargeError, "padding of at least 1"),
        ({}, GeometryError, "3 unknowns: input, kernel and output"),
        ({"input": 8, "kernel": 3, "ceil": True}, GeometryError, "ceil mode without pooling"),
        ({"input": 8, "kernel": 3, "output_padding": 1}, GeometryError, "output padding of a"),
        ({"input": 8, "kernel": 3, "operation": "pool"}, GeometryError, "operation 'pool'"),
        ({"input": 8, "kernel": 3, "first": 0}, GeometryError, "1 to 10,000"),
        ({"input": 90_000, "kernel": "?"}, GeometryError, "more than 10,000 solutions"),
        ({"input": "300x300", "kernel": "?"}, GeometryError, "90,000 pairs"),
        (
            {"operation": "pooling", "input": 7, "kernel": 3, "padding": 2},
            GeometryError,
            "at most half the window",
        ),
        (
            dict.fromkeys(("kernel", "stride", "padding", "dilation"), 1)
            | {"input": 8, "output": 9},
            GeometryError,
            "output 9 with input 8.*expected output 10",
        ),
    ],
)
def test_wrong_input_is_named_in_one_line(given, error, words):
    with pytest.raises(error, match=words) as raised:
        grevy.size(**given)
    assert "\n" not in str(raised.value)


def test_given_numbers_that_fit_together_are_a_solution():
    given = {"input": 8, "kernel": 3, "stride": 1, "padding": 1, "dilation": 1, "output": 8}
    assert "What is given fits together." in str(grevy.size(**given))


def test_the_json_has_all_quantities_of_each_solution():
    answer = json.loads(json.dumps(grevy.size(input=224, output=56, stride=4).as_json()))
    assert answer["why"] is None
    assert [list(solution)[:6] for solution in islice(answer["solutions"], 1)] == [
        ["input", "kernel", "stride", "padding", "dilation", "output"]
    ]
    assert answer["solutions"][0]["kernel"] == 1


def test_the_answer_is_shown_as_a_page_in_a_notebook():
    page = grevy.size(input=512, output=504)._repr_html_().replace("\xa0", " ")
    assert "(512 + 2·0 − 1·(9 − 1) − 1)" in page


@pytest.mark.parametrize(("input", "output", "kernel"), [(500, 300, 3), (32, 13, 4), (100, 60, 5)])
def test_the_nearest_output_of_two_unknowns_is_the_nearest_that_any_pair_gives(
    input, output, kernel
):
    sizes = grevy.size(input=input, output=output, kernel=kernel)
    assert not sizes.solutions
    possible = {
        (input + 2 * padding - kernel) // stride + 1
        for stride in range(1, input)
        for padding in range(kernel)
    }
    nearest = min(abs(other - output) for other in possible)
    changes = [near for near in sizes.nearest if near.quantity == "output"]
    assert min(abs(near.after - output) for near in changes) == nearest
    assert not any(near.quantity in ("stride", "padding") for near in sizes.nearest)
