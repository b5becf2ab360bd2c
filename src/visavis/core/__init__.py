"""Ground floor: types, errors and settings that every other package may import."""
