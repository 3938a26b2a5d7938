"""A level that can be rewound: its episode so far, saved moments, and its movie; no window and no browser."""
