"""The life of head files: kept, measured against what serves, promoted, rolled back, recorded."""
