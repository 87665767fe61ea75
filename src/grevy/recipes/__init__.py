"""Recipes: what they may say (`schema`), where they come from (`load`), the named ones (YAML)."""
