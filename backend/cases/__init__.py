"""Cases: drafts, filing, numbers, time line."""
