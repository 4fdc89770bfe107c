"""The simulated Amplitude."""
