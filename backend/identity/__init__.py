"""Who may do what: users, sessions, roles and permissions, the audit log."""
