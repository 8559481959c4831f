"""The apps, one package each: ``apps/<name>/app.py`` has ``create(ctx)``, ``view.py`` the widget that it returns.

An app gets all it may use in an ``AppContext`` and knows no other app: it opens one through ``ctx.open_window``.
"""
