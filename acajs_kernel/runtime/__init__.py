"""The JavaScript that travels to the session: the agent and the runner."""
