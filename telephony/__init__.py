"""The PBX side: AMI link, call facts, seats, the private Asterisk and its simulated citizens. Cases are unknown here."""
