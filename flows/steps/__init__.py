"""What flows are made of: tasks, layers, a run and what it leaves behind."""
