"""Citizens and seats that do not exist, on a PBX that does: SIPp for the signalling, espeak-ng for the voices."""
