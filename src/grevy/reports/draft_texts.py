"""What a draft says. `<field>` is a value; a paragraph with a field that is not there is left out.

`$run` and `$study` are names that the draft gives in its first directive.
"""

from __future__ import annotations

RUN = """
## What was trained

The recipe <recipe.name> was trained on <data.name> with seed <seed>: <parameters> parameters.

It took <results.steps> steps, which are <results.epochs> epochs, in
<results.seconds.training> seconds.

{{ table $run recipe }}

> Discussion: Why this network and these settings? Which would you change first, and what do
> you expect of it?

## The network

{{ table $run layers }}

> Discussion: Where do most of the parameters lie, and why?

## How the training went

The lowest validation loss, <checks.best.loss>, is that of the check at step
<results.best_step>.

{{ figure $run loss }}

{{ figure $run accuracy }}

> Discussion: What do the curves show? Where does the network begin to overfit, or does it
> still learn when the training ends?

## What it reached

The accuracy on the validation split is <results.validation.accuracy>.

The accuracy on the test split is <results.test.accuracy>, with a 95 % interval over pictures
from <results.test.low> to <results.test.high>.

{{ table $run results }}

> Discussion: How far apart are the splits, and is that more than their intervals? What would
> another seed change?

{{ table $run classes }}

{{ figure $run confusion }}

> Discussion: Which classes are taken for each other, and what have they in common?

## Mistakes

{{ figure $run mistakes }}

> Discussion: Would you have known better? Which of these labels do you doubt?

## The inside

{{ section $run "The inside" }}

> Discussion: What do the first filters answer to? What changes from the first convolution to
> the last?
"""

STUDY = """
## What is compared

The baseline is <baseline>. All are judged on the same <pictures> test pictures.

{{ table $study arms }}

> Discussion: What does each arm change, and why should that help?

## Which change helped?

{{ figure $study effects }}

{{ table $study effects }}

> Discussion: Which change helped, and how sure is that? What would more seeds settle?

## Before and after

{{ figure $study curves }}

{{ figure $study fit }}

> Discussion: What does each change do to the curves? Which arm overfits, which could learn
> longer?

## What it costs

{{ figure $study cost }}

> Discussion: Is the gain worth its cost?
"""

FLIPPED = """
{{ figure $study "flipped-$arm" }}
"""

MADE = """
## How it was made

{{ section $run "How it was made" }}

{{ section $run "How to do it again" }}
"""

EVERY_RUN = """
## Every run

{{ table $study runs }}
"""

CONCLUSION = """
## Conclusion

> Discussion: What have you learnt, and what can't be told from these records?
"""
