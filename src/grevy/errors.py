"""Every error that Grevy raises on purpose, drawn once.

    GrevyError
    ├── InputError                    the user gave something wrong           exit status 2
    │   ├── UsageError                a command line that can't be understood
    │   ├── DataError
    │   │   ├── DataNotFoundError         no such name, folder or file
    │   │   ├── EmptyDataError            no picture in it
    │   │   │   └── NoLabelsError             pictures whose classes nobody says
    │   │   ├── DataFormatError           a file that is not what it should be
    │   │   ├── OneClassError             nothing to tell apart
    │   │   ├── ClassMismatchError        a split lacks a class or has an extra one
    │   │   ├── MissingSplitError         a split that the work needs is absent
    │   │   ├── SplitTooSmallError        fewer pictures than the work needs
    │   │   ├── UnreadablePictureError    a picture that can't be decoded
    │   │   ├── UnsafeArchiveError        path traversal, links, or a bomb
    │   │   └── UnsafePickleError         a pickle that would build a foreign object
    │   ├── RecipeError
    │   │   ├── RecipeNotFoundError       no such recipe name or file
    │   │   ├── RecipeFieldError          a field that recipes do not have
    │   │   │   └── UnreadFieldError          a field that nothing reads in this recipe
    │   │   └── RecipeValueError          a value that the field does not take
    │   ├── PartError                 an optimizer, augmentation, ... that breaks its contract
    │   ├── StudyError
    │   │   ├── StudyFileError            fields missing in a study, or unknown ones
    │   │   ├── AmbiguousFieldError       a short field name that could be several
    │   │   ├── SameArmsError             two arms, or an arm and the baseline, that are the same
    │   │   ├── DifferentDataError        runs on other pictures or splits, which can't be compared
    │   │   └── PredictionsFileError      someone else's predictions that can't be read
    │   ├── ModelError
    │   │   ├── UnknownModelError         not in the registry
    │   │   ├── ModelArgumentError        arguments that the model does not take
    │   │   ├── InputTooSmallError        a layer shrinks the picture to nothing
    │   │   ├── WeightsError              weights that do not fit the model
    │   │   ├── LayerNotFoundError        a layer that the network does not have or call
    │   │   ├── ClassNotFoundError        a class that the network does not tell apart
    │   │   ├── NoGradientError           a network that cuts the way of the gradient
    │   │   └── DifferentNetworksError    two networks of which one view can't be compared
    │   ├── SourceError               a Python file of the user's that can't be taken
    │   │   ├── SourceFaultError          an error in it: its line, in one line
    │   │   └── UntrustedSourceError      a record's source that was not trained with here
    │   ├── UnaskedError              what only a record names, and nobody asked for
    │   ├── ConvolutionError
    │   │   ├── NotANumberError           text where a number must stand
    │   │   ├── RaggedMatrixError         rows of different length, or no rows at all
    │   │   ├── GeometryError             stride, padding, dilation or groups that can't be
    │   │   ├── EvenKernelError           "same" padding, which an even kernel can't keep even
    │   │   ├── KernelTooLargeError       a kernel larger than the padded image
    │   │   └── CellNotFoundError         a cell outside the output
    │   ├── ReportError
    │   │   ├── UnknownValueError         a field that a record does not have
    │   │   ├── UnknownFormError          a way to print a number that there is not
    │   │   ├── DirectiveError            a line of a report of one's own that can't be understood
    │   │   └── ReportFileError           a file that is no report of Grevy's, or not whole
    │   ├── DeviceError               a device or precision that this machine lacks
    │   ├── MissingPackageError       an optional package that is not installed
    │   ├── RunNotFoundError          no run record there
    │   ├── RunExistsError            a run directory that would be overwritten
    │   └── RunMismatchError          a resume or evaluation that differs from the record
    └── JobError                      the work could not be done              exit status 1
        ├── DownloadError             the publisher can't be reached or broke off
        ├── ChecksumError             a file that arrived differs from the published one
        ├── SaveError                 the disk did not take what was written
        ├── CorruptRecordError        a record or checkpoint that fails its check
        ├── RunBusyError              a run that another process changes just now
        ├── FeatureRangeError         a feature too large for the numbers in which it is kept
        ├── NonFiniteLossError        the loss became NaN or infinite
        ├── NotFiniteError            weights or answers that are NaN or infinite
        ├── CompileError              torch.compile failed
        ├── WorkerDiedError           a process that trained or decoded was killed again and again
        ├── RunsFailedError           a study of which some runs failed
        ├── RunInterruptedError       Ctrl-C: saved, can be resumed
        ├── ProcessMissingError       several processes train, and one is no longer heard of
        ├── OutOfMemoryError          the machine or the accelerator has no memory left
        └── UnexpectedError           what no other kind is: a mistake in Grevy

An error is one line in three parts: what was received, what was expected, how to mend it.
"""

from grevy.cleaning import clean

LONGEST = 2_000
"""Characters of a message, about, whatever the input was."""


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and its end where it is longer than `most` characters."""
    if len(text) <= most:
        return text
    kept = (most - 3) // 2
    return f"{text[:kept]} … {text[-kept:]}"


class GrevyError(Exception):
    """Root of all errors; `str(error)` is the one line that the user sees.

    Args:
        received: what was received, as a clause ("no folder 'cat'").
        expected: what was expected, as a clause ("a folder with a folder per class"), or nothing.
        mend: what to do now, as an imperative ("check the spelling").
    """

    exit_status = 1

    def __init__(self, received: str, expected: str, mend: str) -> None:
        super().__init__(received, expected, mend)
        self.received = received
        self.expected = expected
        self.mend = mend

    def __str__(self) -> str:
        expected = f"expected {self.expected}" if self.expected else ""
        parts = [self.received, expected, self.mend]
        if sum(map(len, parts)) > LONGEST:
            parts = [shortened(part, LONGEST // 3) for part in parts]
        return " ".join(clean("; ".join(filter(None, parts))).split())


class InputError(GrevyError):
    """The user gave something wrong."""

    exit_status = 2


class JobError(GrevyError):
    """The work was asked for rightly and could not be done."""


class UsageError(InputError):
    """A command line that can't be understood."""


class DataError(InputError):
    """Something is wrong with the image data."""


class DataNotFoundError(DataError):
    """No such built-in name, folder or file."""


class EmptyDataError(DataError):
    """There is no picture in it."""


class NoLabelsError(EmptyDataError):
    """Pictures whose classes nobody says: they can be predicted, and nothing else."""


class DataFormatError(DataError):
    """A file that is not what its name or place says."""


class OneClassError(DataError):
    """Fewer than two classes: nothing to tell apart."""


class ClassMismatchError(DataError):
    """A split lacks a class or has an extra one."""


class MissingSplitError(DataError):
    """A split that the work needs is absent."""


class SplitTooSmallError(DataError):
    """A split has fewer pictures than the work needs."""


class UnreadablePictureError(DataError):
    """Pictures that can't be decoded."""


class UnsafeArchiveError(DataError):
    """An archive with path traversal, links, or more than it may unpack to."""


class UnsafePickleError(DataError):
    """A pickle that would build something else than lists, strings and arrays."""


class RecipeError(InputError):
    """Something is wrong with the recipe."""


class RecipeNotFoundError(RecipeError):
    """No such recipe name or file."""


class RecipeFieldError(RecipeError):
    """A field that recipes do not have."""


class UnreadFieldError(RecipeFieldError):
    """A field that nothing reads in this recipe: it would change nothing."""


class RecipeValueError(RecipeError):
    """A value that the field does not take."""


class PartError(InputError):
    """An optimizer, schedule, loss, augmentation or data source that breaks its contract."""


class StudyError(InputError):
    """Something is wrong with a study or a comparison."""


class StudyFileError(StudyError):
    """A study that lacks something, or holds something that studies do not have."""


class AmbiguousFieldError(StudyError):
    """A short field name that could be several fields."""


class SameArmsError(StudyError):
    """Two arms, or an arm and the baseline, that are the same."""


class DifferentDataError(StudyError):
    """Runs on other pictures or splits: they can't be compared."""


class PredictionsFileError(StudyError):
    """Someone else's predictions that can't be read."""


class ModelError(InputError):
    """Something is wrong with the model."""


class UnknownModelError(ModelError):
    """A name that is not in the registry."""


class ModelArgumentError(ModelError):
    """Arguments that the model does not take."""


class InputTooSmallError(ModelError):
    """A layer shrinks the picture to nothing."""


class WeightsError(ModelError):
    """Weights that do not fit the model."""


class LayerNotFoundError(ModelError):
    """A layer that the network does not have, does not call so often, or that has no tensor."""


class ClassNotFoundError(ModelError):
    """A class that the network does not tell apart."""


class NoGradientError(ModelError):
    """No gradient reaches the picture, or a layer, though the logit depends on it."""


class DifferentNetworksError(ModelError):
    """Two networks in which the thing to compare is not the same."""


class SourceError(InputError):
    """A Python file of the user's own that can't be taken."""


class SourceFaultError(SourceError):
    """An error in the user's own file: where it is, not where Grevy noticed it."""


class UntrustedSourceError(SourceError):
    """A source that a record brings and that nobody trained with on this machine."""


class UnaskedError(InputError):
    """An address or a place that only a record names, and that the user did not ask for."""


class ConvolutionError(InputError):
    """Numbers or sizes that no convolution or pooling can be worked with."""


class NotANumberError(ConvolutionError):
    """Text where a number must stand."""


class RaggedMatrixError(ConvolutionError):
    """Rows, channels or filters of different sizes, or none at all."""


class GeometryError(ConvolutionError):
    """A stride, padding, dilation, number of groups or size that can't be."""


class EvenKernelError(ConvolutionError):
    """Padding "same" for an even kernel: no equal padding on both sides keeps the size."""


class KernelTooLargeError(ConvolutionError):
    """A kernel larger than the padded image: there is no place for it."""


class CellNotFoundError(ConvolutionError):
    """A cell outside the output."""


class ReportError(InputError):
    """A report that can't be written or read as it was asked for."""


class UnknownValueError(ReportError):
    """A field that a record does not have."""


class UnknownFormError(ReportError):
    """A way to print a number that there is not, or not for this number."""


class DirectiveError(ReportError):
    """A line of a report of one's own that can't be understood."""


class ReportFileError(ReportError):
    """A file that is no report of Grevy's, or not whole."""


class DeviceError(InputError):
    """A device or a precision that this machine lacks."""


class MissingPackageError(InputError):
    """An optional package that is not installed."""


class RunNotFoundError(InputError):
    """There is no run record at that place."""


class RunExistsError(InputError):
    """A run directory that would be overwritten."""


class RunMismatchError(InputError):
    """A resume or an evaluation that differs from the record."""


class DownloadError(JobError):
    """The publisher can't be reached, or the transfer broke off."""


class ChecksumError(JobError):
    """A file that arrived differs from the published one."""


class SaveError(JobError):
    """The disk did not take what was written."""


class CorruptRecordError(JobError):
    """A record or a checkpoint that fails its check."""


class RunBusyError(JobError):
    """A run that another process changes just now."""


class FeatureRangeError(JobError):
    """A feature too large for the numbers in which it is kept."""


class NonFiniteLossError(JobError):
    """The loss became NaN or infinite; nothing that was updated with it is kept."""


class NotFiniteError(JobError):
    """Weights, statistics or answers that are NaN or infinite: nothing is made of them."""


class CompileError(JobError):
    """torch.compile failed: the network is none that it takes, or a compiler is missing."""


class WorkerDiedError(JobError):
    """A process that trained or decoded was killed again and again."""


class RunsFailedError(JobError):
    """A study of which some runs failed; the others are finished and compared."""


class RunInterruptedError(JobError):
    """Ctrl-C: everything is saved and the run can be resumed."""

    exit_status = 130


class ProcessMissingError(JobError):
    """Several processes train together, and one of them is no longer heard of."""


class OutOfMemoryError(JobError):
    """More memory than the machine or the accelerator has: mostly refused before it is taken."""


class UnexpectedError(JobError):
    """An error that nobody foresaw, as one line: a mistake in Grevy, to be reported."""
