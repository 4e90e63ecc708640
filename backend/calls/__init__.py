"""The record of each call: stages, recording, transcript."""
