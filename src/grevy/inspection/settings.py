"""The settings of inspectors: small models without torch, and the fields that several share."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from grevy.errors import UsageError
from grevy.recipes.plain import refuse_lookalike
from grevy.recipes.ranges import LARGEST_SEED


class Settings(BaseModel):
    """What one inspector reads; every field is a flag of `grevy look` and a keyword of `look`.

    Immutable, and no field that it does not know. The text under a field is its help.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_own_kind(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields.get(info.field_name or "")
        if field is not None and not isinstance(value, str):  # texts are the command line's
            refuse_lookalike(field.annotation, value, field.metadata)
        return value


def parse_channels(text: str) -> tuple[int, ...] | None:
    """Channels from "14,26" and "0-9"; None from nothing, which stands for all.

    Raises:
        UsageError: anything else.
    """
    if not text:
        return None
    channels: tuple[int, ...] = ()
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if last < first:
            raise UsageError(
                f"--channels {text}",
                "numbers from 0 on, or ranges that rise",
                "for example --channels 14,26,32 or --channels 0-9",
            )
        channels += tuple(range(first, last + 1))
    return channels


def _channels(value: Any) -> Any:
    return parse_channels(value) if isinstance(value, str) else value


_ABOUT_LAYERS = "A layer by its dotted name, name#2 for its second call; --list prints them."

Layer = Annotated[str, Field(description=_ABOUT_LAYERS)]
AnyLayer = Annotated[str | None, Field(description=_ABOUT_LAYERS)]
ChannelList = Annotated[tuple[int, ...] | None, BeforeValidator(_channels)]
Channels = Annotated[
    ChannelList, Field(description="Channels of the layer, such as 14,26,32,49,52 or 0-9.")
]
ClassName = Annotated[
    str | int | None, Field(description="The class to explain; of an overview the true class.")
]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED, description="Of what is random.")]
SplitName = Annotated[
    Literal["train", "validation", "test"], Field(description="Pictures of the run's data.")
]
StartName = Annotated[
    Literal["black", "white", "mean"],
    Field(description="The picture without evidence; mean: the mean colour of the data."),
]
