"""Pure functions from state and event to new state; no Qt, no client, no clock here."""
