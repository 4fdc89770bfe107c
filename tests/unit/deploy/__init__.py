"""What the plans of deployments say."""
