"""What is heard, seen and done on the rounds of a community: the diary 民情日志 and the ledger of events 事件台账."""
