"""Files: `confinement` opens nothing outside of a folder, `tree` the operations below one folder, `filesystem` the commands,
`homes` new homes, `agent_files` what one agent sees, `shares` shared workspaces, `watcher` changes made by others."""
