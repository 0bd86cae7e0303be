"""What each destination shows of an edition: pure functions, given templates."""
