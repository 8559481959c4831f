"""Visual tests: one scene per state, rendered offscreen with the bundled fonts and compared with a stored picture.

``python -m tests.visual`` compares all scenes, ``--update`` stores them anew, names after it restrict it. Differences are
shown side by side in ``report/index.html``. To add scenes, put a module with ``SCENES`` into ``scenes/``.
"""
