"""The only seam between the window and a kernel: `client` is the contract, `in_process` and `remote` stand behind it."""
