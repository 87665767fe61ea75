"""The augmentations of a recipe: the fields of all of them in one room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from grevy.errors import RecipeValueError
from grevy.recipes.config import Config
from grevy.recipes.kinds import AugmentationConfig
from grevy.recipes.parts import Part, find_part, known_parts

Side = Annotated[int, Field(ge=1, le=4096)]


class AugmentConfig(Config):
    """Random changes to the train pictures, a whole batch at a time. 0 is off.

    Each field belongs to one augmentation; what is not given is off. A plugin's augmentation has a
    room of its own, as in `augment.blur.radius`.
    """

    model_config = ConfigDict(extra="allow")

    sizes: Annotated[tuple[Side, ...], Field(max_length=100)] = ()
    """Sides in pixels that train pictures are resized to, each for an equal part of the training,
    as 24 28 32; for networks that take any size. Empty: always as they are."""

    if TYPE_CHECKING:  # the fields are those of all parts

        def __getattr__(self, name: str) -> Any: ...

    @model_validator(mode="before")
    @classmethod
    def _by_part(cls, fields: Any) -> Any:
        if not isinstance(fields, Mapping):
            return fields
        rest = dict(fields)
        found: dict[str, Any] = {"sizes": rest.pop("sizes")} if "sizes" in rest else {}
        for name, part in known_parts("augmentation").items():
            if _config(part).among:
                own = rest.keys() & part.config.model_fields.keys()
                given = {field: rest.pop(field) for field in own}
                found |= dict(part.config.model_validate(given))
            elif name in rest:
                found |= _in_its_room(part, rest.pop(name))
        for name, value in rest.items():
            found |= _in_its_room(_found(name, value), value)
        return found

    def of(self, part: Part) -> AugmentationConfig:
        """What this part is to do; its defaults where nothing is given."""
        kind = _config(part)
        if kind.among:
            given = self.__pydantic_extra__ or {}
            return kind.model_construct(**{n: given[n] for n in kind.model_fields if n in given})
        return cast(AugmentationConfig, (self.__pydantic_extra__ or {}).get(part.name, kind()))

    def active(self) -> list[tuple[Part, AugmentationConfig]]:
        """The parts that are on, in the order of the pipeline."""
        found = [(part, self.of(part)) for part in known_parts("augmentation").values()]
        on = [(part, config) for part, config in found if config.is_on]
        return sorted(on, key=lambda pair: (pair[1].order, pair[0].name))

    def values(self) -> dict[str, Any]:
        """As of any config; also of the parts that are off."""
        found = super().values()
        for part in known_parts("augmentation").values():
            if not _config(part).among:
                own = self.of(part).values()
                found |= {f"{part.name}.{field}": value for field, value in own.items()}
        return found

    def unread(self) -> dict[str, str]:
        """As of any config, with the fields of the parts that stand among its own."""
        found = super().unread()
        for part in known_parts("augmentation").values():
            if _config(part).among:
                found |= self.of(part).unread()
        return found


def _config(part: Part) -> type[AugmentationConfig]:
    return cast(type[AugmentationConfig], part.config)


def _in_its_room(part: Part, fields: Any) -> dict[str, AugmentationConfig]:
    """By its name, where it is on: one that is off is as if it were not there."""
    try:
        config = _config(part).model_validate(fields)
    except ValidationError as error:
        raise _below(part.name, error) from None
    return {part.name: config} if config.is_on else {}


def _found(name: str, value: Any) -> Part:
    """An augmentation of an installed package, or pydantic's complaint about an unknown field."""
    try:
        return find_part("augmentation", name)
    except RecipeValueError:
        complaint = PydanticCustomError("extra_forbidden", "no augmentation of this name")
        details: InitErrorDetails = {"type": complaint, "loc": (name,), "input": value}
        raise ValidationError.from_exception_data("augment", [details]) from None


def _below(name: str, error: ValidationError) -> ValidationError:
    details: list[InitErrorDetails] = [
        {
            "type": PydanticCustomError(problem["type"], "{said}", {"said": problem["msg"]}),
            "loc": (name, *problem["loc"]),
            "input": problem["input"],
        }
        for problem in error.errors(include_url=False, include_context=False)
    ]
    return ValidationError.from_exception_data(name, details)
