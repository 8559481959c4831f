"""The settings: looks, models and their servers, approvals, limits, sandbox. Each change is kept at once."""
