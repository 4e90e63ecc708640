"""Who calls: numbers and names, kept private."""
