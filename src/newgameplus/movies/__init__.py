"""Recorded buttons of whole episodes (movies): the bk2 format, recording, playback, rendering."""
