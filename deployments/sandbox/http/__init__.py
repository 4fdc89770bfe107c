"""What every simulated server shares: messages, faults, the clock, rate limits."""
