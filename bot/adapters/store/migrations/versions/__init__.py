"""The revisions; each stands for itself and is never changed once released."""
