"""The PBX side: AMI link, call facts, seats, the private Asterisk and its simulated citizens. It knows no cases."""
