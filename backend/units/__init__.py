"""The units that take part: the district centre, reception sub-centres, streets, communities, departments."""
