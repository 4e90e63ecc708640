"""Space: streets and communities of the district."""
