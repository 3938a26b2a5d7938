"""Movies in a browser: a library of them, and a player; the only room with a web server."""
