"""How a question about activities is answered, from its text to the frame; its language is in ../query.py."""
