"""One self-contained web page about one or more evaluations."""
