"""What the queues are told of single numbers: who is refused, who goes first and where, and who was missed."""
