"""Technical ground of every other package: configuration, database, events, jobs, errors, time. Knows no domain."""
