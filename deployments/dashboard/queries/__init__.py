"""The numbers behind each chart: a function each, which sends one statement and gives a frame; nothing of Streamlit.

Every function takes `run`, which sends a statement with its parameters and gives its rows as a frame, then what is
filtered by. Values are parameters, always; names in a statement are written in these modules, never taken from outside.
"""
