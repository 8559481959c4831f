"""What lasts: SQLite through one writer.

Map: `database` connections, group commit, migrations, setting a corrupt file aside; `journal` events written before they are
shown; `repositories/` one file of SQL per aggregate; `migrations/` numbered SQL, never edited once released.
"""
