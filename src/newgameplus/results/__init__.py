"""What folders of evaluations and of training runs hold, read and written in one place, without torch."""
