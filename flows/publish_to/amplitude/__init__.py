"""Events to Amplitude: what is sent, how it is answered."""
