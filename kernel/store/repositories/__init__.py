"""SQL, one file per aggregate: `processes`, `transcripts`, `messages`, `metrics`, `workspaces`."""
