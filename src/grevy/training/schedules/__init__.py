"""How the learning rate changes from step to step: `learning_rate`, and one file a schedule."""
