"""Agents: `loop` think-act-observe, `thinking` and `acting` its halves, `supervisor` who runs loops and ends them.

Round the loop: `transcript` what the model is told, `compaction` keeping it short enough, `prompt` the first words, `approvals` waiting
for a person, `inbox` what people say meanwhile, `budget` and `repetition` guards, `gate` standing still, `commands` the agent's shell.
"""
