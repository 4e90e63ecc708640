"""Dispatch: the seven-step loop from dispatch to evaluation, the units' tasks, and who is warned of which clock."""
