"""Make a plan real on the kernel that this process stands on."""
