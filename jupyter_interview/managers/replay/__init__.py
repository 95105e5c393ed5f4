"""An interview is looked at again: its frames, what goes with them, and another interview that goes on from there."""
