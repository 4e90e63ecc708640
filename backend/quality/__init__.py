"""Quality of calls: rules as data, what they found in each call, and their trial on the past."""
