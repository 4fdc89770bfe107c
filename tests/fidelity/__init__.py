"""Other people's clients, unmodified, on the embedded warehouse: run by `pytest -m fidelity tests/fidelity`."""
