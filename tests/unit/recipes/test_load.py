from pathlib import Path

import pytest

from grevy.errors import RecipeFieldError, RecipeNotFoundError, RecipeValueError
from grevy.recipes.fields import field_names
from grevy.recipes.load import load_recipe, named_recipes
from grevy.recipes.schema import Recipe


def test_the_assignments_recipes_say_what_the_assignment_says() -> None:
    for name, flip in (("base", "none"), ("net1", "random"), ("net2", "random")):
        recipe = load_recipe(name)
        assert (recipe.name, recipe.model.name, recipe.augment.flip) == (name, name, flip)
        assert (recipe.optimizer.name, recipe.optimizer.lr) == ("sgd", 0.05)
        assert (recipe.batch_size, recipe.epochs) == (64, 10)
        assert (recipe.checks_per_epoch, recipe.patience) == (2, 4)
        assert recipe.pictures.validation_fraction == 0.1
        assert (recipe.pictures.mean, recipe.pictures.standard_deviation) == ((0.5,), (0.25,))


@pytest.mark.parametrize("name", named_recipes())
def test_every_named_recipe_is_called_as_its_file_and_described(name: str) -> None:
    assert load_recipe(name).name == name
    assert load_recipe(name).description


def test_a_recipe_survives_the_record(tmp_path: Path) -> None:
    recipe = load_recipe("net2")
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


def test_a_yaml_file_gives_what_it_says_and_the_rest_by_default(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\naugment: {flip: true}\noptimizer: {lr: 0.1}\n")
    recipe = load_recipe(file)
    assert (recipe.name, recipe.augment.flip, recipe.optimizer.lr) == ("mine", "random", 0.1)
    assert recipe.batch_size == 64


def test_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(RecipeFieldError, match=r"optimizer\.lr") as caught:
        load_recipe({"optimizer": {"rl": 0.1}})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": "many"}, "batch_size"),
        ({"optimizer": {"lr": -1}}, "optimizer.lr"),
        ({"optimizer": {"nesterov": True}}, "momentum above 0"),
        ({"precision": "fp8"}, "precision"),
    ],
)
def test_a_bad_value_names_its_field(fields: dict[str, object], named: str) -> None:
    with pytest.raises(RecipeValueError, match=named) as caught:
        load_recipe(fields)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["- a\n- list\n", "just words", "a: [1, 2\n", ""])
def test_a_file_that_is_not_a_recipe_says_so(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    with pytest.raises(RecipeValueError, match=r"broken\.yaml"):
        load_recipe(file)


def test_no_such_recipe_lists_the_names() -> None:
    with pytest.raises(RecipeNotFoundError, match="base, "):
        load_recipe("bsae")


def test_field_names_are_dotted_as_on_the_command_line() -> None:
    names = field_names()
    assert {"epochs", "optimizer.lr", "augment.flip", "pictures.size"} <= set(names)
    assert "optimizer" not in names


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_recipe("base").epochs = 3  # type: ignore[misc]
