"""The PBX side: AMI link, call facts, seats, the private Asterisk and its simulated citizens. Knows nothing of cases."""
