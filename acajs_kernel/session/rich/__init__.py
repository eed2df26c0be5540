"""Rich mode: cells run in the session's runner, through its agent."""
