"""Controls that all apps share, one per file, painted from the theme's tokens.

They take their content in the constructor or by a method, say what happened with a signal in the past tense, and know no
store, no client and no app.
"""
