"""The desktop around the apps: windows, menu bar, dock, wallpaper, shortcuts and what starts them.

``main_window.MainWindow`` composes it; ``app_registry`` is the readable list of apps. The shell knows apps only by their
manifests, and knows no store and no client.
"""
