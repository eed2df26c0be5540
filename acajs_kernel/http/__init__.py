"""Requests over HTTP: signed in, carried, and sent again where that is safe."""
