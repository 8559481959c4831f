CREATE TABLE processes (
    pid INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_uid TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    ended_at REAL NOT NULL DEFAULT 0,
    search TEXT NOT NULL,
    info BLOB NOT NULL,
    config BLOB NOT NULL,
    run BLOB NOT NULL DEFAULT x'7b7d'
);
CREATE INDEX processes_live ON processes (state) WHERE state <> 'dead';

CREATE TABLE agent_logs (
    log_id INTEGER PRIMARY KEY,
    pid INTEGER NOT NULL,
    step INTEGER NOT NULL,
    timestamp REAL NOT NULL,
    type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX agent_logs_by_pid ON agent_logs (pid, log_id);
CREATE INDEX agent_logs_chunks ON agent_logs (pid, step) WHERE type = 'agent.thinkingChunk';

CREATE TABLE transcript (
    pid INTEGER NOT NULL,
    position INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (pid, position)
) WITHOUT ROWID;

CREATE TABLE ipc_messages (
    id TEXT PRIMARY KEY,
    to_pid INTEGER NOT NULL,
    timestamp REAL NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX ipc_waiting ON ipc_messages (to_pid, timestamp) WHERE delivered = 0;

CREATE TABLE sandbox_processes (
    agent_pid INTEGER PRIMARY KEY,
    host_pid INTEGER NOT NULL,
    started INTEGER NOT NULL
);

CREATE TABLE file_metadata (
    path TEXT PRIMARY KEY,
    owner_uid TEXT NOT NULL,
    pid INTEGER NOT NULL,
    size INTEGER NOT NULL,
    modified_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE kernel_metrics (
    timestamp REAL PRIMARY KEY,
    process_count INTEGER NOT NULL,
    cpu_percent REAL NOT NULL,
    memory_mb REAL NOT NULL,
    uptime REAL NOT NULL,
    tokens_today INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE token_days (
    day TEXT PRIMARY KEY,
    tokens INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE snapshots (
    id TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    timestamp REAL NOT NULL,
    size INTEGER NOT NULL,
    description TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE shared_mounts (
    name TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    owner_pid INTEGER NOT NULL,
    created_at REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE shared_mount_members (
    name TEXT NOT NULL REFERENCES shared_mounts (name) ON DELETE CASCADE,
    pid INTEGER NOT NULL,
    mount_point TEXT NOT NULL,
    PRIMARY KEY (name, pid)
) WITHOUT ROWID;

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at REAL NOT NULL
) WITHOUT ROWID;
