"""arXiv, a mirror or a folder: bytes in, `Announcement` out; nothing is matched or stored here."""
