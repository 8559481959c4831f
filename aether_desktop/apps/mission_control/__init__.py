"""Mission Control: all agents, live; deploying one; the runs of before.

``view`` is the window's content and joins the parts: ``agent_grid`` (a virtual view of cards or rows, painted by ``card_painter`` and
``row_painter``), ``metrics_bar``, ``deploy_sheet``, ``history_panel``. ``previews`` reads the terminals of visible cards.
"""
