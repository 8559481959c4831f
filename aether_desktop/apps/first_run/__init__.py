"""The page of the first start: what was found on this machine, a model or none, and a first agent."""
