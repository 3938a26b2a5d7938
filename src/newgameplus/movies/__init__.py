"""Button logs of whole episodes: the bk2 format, recording, playing back, rendering."""
