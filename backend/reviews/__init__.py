"""The review of calls by people: what is drawn, how it is scored, calibrated, appealed against and learned from."""
