"""Labs on the kernel that lvsnet itself stands on."""
