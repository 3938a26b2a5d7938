"""One self-contained web page about evaluations or training runs."""
