"""Activity streams (ActivitySchema v2): what a kind of customer did, one row per event."""
