"""How Aether looks: tokens, palette, style sheet, fonts, icons and motion.

Everything here is derived from ``tokens``. Widgets ask ``current.tokens_of(widget)`` while they paint, so a change of
theme needs no bookkeeping of theirs. Imports nothing of the shell, the apps or the stores.
"""
