"""A terminal in the window: `view` the widget over a `kernel.term.Terminal`, `colours` its palette, `key_names` Qt's keys."""
