"""A login and its statements: from the text to the answer."""
