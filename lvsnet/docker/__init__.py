"""Docker as it is seen from outside a lab: its engine's API, its labs, its images."""
