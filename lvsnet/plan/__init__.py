"""What every node must become, and the compiler that finds it from a lab."""
