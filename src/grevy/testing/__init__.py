"""The battery that Grevy's own parts and inspectors pass, for anyone's.

Each check takes a name, and fields of its config where other than the defaults are meant. It raises
`PartError`, one line that says which promise is broken; else it returns nothing.

    import grevy.testing
    import my_plugin  # registers what it has

    def test_blur() -> None:
        grevy.testing.check_augmentation("blur", radius=2)
"""

from grevy.testing.augmentations import check_augmentation
from grevy.testing.data_sources import check_data_source
from grevy.testing.inspectors import check_inspector
from grevy.testing.losses import check_loss
from grevy.testing.models import check_model
from grevy.testing.optimizers import check_optimizer
from grevy.testing.schedules import check_schedule

__all__ = [
    "check_augmentation",
    "check_data_source",
    "check_inspector",
    "check_loss",
    "check_model",
    "check_optimizer",
    "check_schedule",
]
