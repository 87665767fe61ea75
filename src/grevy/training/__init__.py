"""The loop, optimizers, schedules, stopping, evaluation."""
