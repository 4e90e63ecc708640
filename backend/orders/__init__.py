"""Orders to the PBX: kept in PostgreSQL, carried out at most once by the process that leads its link."""
