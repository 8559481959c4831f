"""Budgets of one run, pure: tokens, time and steps, and by how much a person's "go on" raises them."""

import msgspec

from kernel.store.repositories.processes import RunRecord


def exceeded(run: RunRecord) -> str | None:
    """A sentence when a budget is used up, else None."""
    used = run.input_tokens + run.output_tokens
    if run.token_budget is not None and used >= run.token_budget:
        return f"It has used {used:,} tokens; its budget is {run.token_budget:,}."
    if run.time_budget_s is not None and run.active_s >= run.time_budget_s:
        return f"It has worked for {run.active_s:,.0f} s; its budget is {run.time_budget_s:,.0f} s."
    return None


def raised(run: RunRecord, token_step: int, time_step_s: float) -> RunRecord:
    """The record with whatever is used up raised by one more portion beyond what was used."""
    used = run.input_tokens + run.output_tokens
    tokens, time_s = run.token_budget, run.time_budget_s
    if tokens is not None and used >= tokens:
        tokens = used + max(1, token_step)
    if time_s is not None and run.active_s >= time_s:
        time_s = run.active_s + max(0.1, time_step_s)
    return msgspec.structs.replace(run, token_budget=tokens, time_budget_s=time_s)
