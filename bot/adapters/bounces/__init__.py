"""The mailbox of what came back: fetches its mail and reads it; what follows is for the flows."""
