"""Processes: `lifecycle` the pure state machine, `table` who there is, `manager` spawning and signals, `mailbox` messages."""
