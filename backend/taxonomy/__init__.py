"""The versioned classes of cases."""
