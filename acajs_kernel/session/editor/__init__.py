"""What an editor asks of a session: completions and descriptions."""
