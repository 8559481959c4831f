CREATE TABLE shell_sessions (
    token TEXT PRIMARY KEY,
    session INTEGER NOT NULL,
    started INTEGER NOT NULL,
    boot TEXT NOT NULL,
    owner INTEGER NOT NULL,
    owner_started INTEGER NOT NULL
) WITHOUT ROWID;
