"""Games: integrations (what the memory means), the catalogue, levels and splits, and the import of ROMs."""
