"""The files beside the notebook: how a session that has a folder of its own gets them."""
