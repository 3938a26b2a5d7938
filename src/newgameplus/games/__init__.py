"""What the memory means: integrations, the catalogue of games, levels and splits, and the import of ROMs."""
