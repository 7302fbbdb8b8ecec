"""What the chapters measure: a module a chapter, sweeps, the claims, the published settings."""
