"""Product events of Amplitude, normalised, and the measures that a product team asks for."""
