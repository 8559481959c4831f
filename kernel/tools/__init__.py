"""What an agent can do: one file per tool or tight group, `registry` the list, `policy` what needs a person's word.

`base` is the contract: a tool declares its arguments as a struct (its schema and its documentation for the model), previews what a
call would do, and runs it in the agent's own files and sandbox.
"""
