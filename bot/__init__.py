"""papers-bot: each day's arXiv papers, filtered per keyword set, delivered as digests."""
