"""Attachments of a case: photos and papers, kept in the file store, each with who, when and in which step."""
